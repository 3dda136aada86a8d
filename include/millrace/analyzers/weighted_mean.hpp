#pragma once

#include <limits>

#include <millrace/analyzers/compensated_sum.hpp>
#include <millrace/analyzers/number.hpp>

namespace millrace {

/// The mean of values by weight, sum (value weight) / sum weight: with price and size the
/// volume-weighted average price. NaN while the weights sum to 0. An event whose value or weight is
/// NaN is skipped.
///
/// The relative error is at most about 4 u sum |value weight| / |sum value weight| for positive
/// weights, u = 2^-53, also after merging (the sums are `compensated_sum`s). 32 bytes.
template <auto Value, auto Weight>
class weighted_mean {
public:
    static constexpr fixed_string name = "weighted_mean";

    template <projects_numbers<Value, Weight> Event>
    constexpr void update(const Event& event) noexcept(
        detail::projects_nothrow<Event, Value, Weight>) {
        const double value = detail::number<Value>(event);
        const double weight = detail::number<Weight>(event);
        if (std::isnan(value) || std::isnan(weight)) return;
        weighted_.add(value * weight);
        weights_.add(weight);
    }

    template <projects_numbers<Value, Weight> Event>
    constexpr void retract(const Event& event) {
        const double value = detail::number<Value>(event);
        const double weight = detail::number<Weight>(event);
        if (std::isnan(value) || std::isnan(weight)) return;
        weighted_.remove(value * weight);
        weights_.remove(weight);
    }

    constexpr void merge(const weighted_mean& other) noexcept {
        weighted_.merge(other.weighted_);
        weights_.merge(other.weights_);
    }

    [[nodiscard]] constexpr double result() const noexcept {
        const double weight = weights_.value();
        if (weight == 0) return std::numeric_limits<double>::quiet_NaN();
        return weighted_.value() / weight;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(weighted_, weights_);
    }

private:
    compensated_sum weighted_;
    compensated_sum weights_;
};

}  // namespace millrace
