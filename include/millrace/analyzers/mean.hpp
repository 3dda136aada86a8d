#pragma once

#include <cstdint>
#include <limits>

#include <millrace/analyzers/compensated_sum.hpp>
#include <millrace/analyzers/fold.hpp>

namespace millrace {

namespace detail {

class counted_sum {
public:
    [[gnu::always_inline]] constexpr void add(double x) noexcept {
        sum_.add(x);
        ++count_;
    }

    constexpr void remove(double x) noexcept {
        sum_.remove(x);
        --count_;
    }

    constexpr void merge(const counted_sum& other) noexcept {
        sum_.merge(other.sum_);
        count_ += other.count_;
    }

    [[nodiscard]] constexpr double mean() const noexcept {
        if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
        return sum_.value() / static_cast<double>(count_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(count_, sum_);
    }

private:
    std::uint64_t count_ = 0;
    compensated_sum sum_;
};

}  // namespace detail

/// The arithmetic mean, sum / n; NaN of none. NaN is skipped. The division adds one rounding to the
/// error of the sum, which is the bound at `compensated_sum`, also after merging. 24 bytes.
template <auto Projection>
struct mean : detail::fold<Projection, detail::counted_sum> {
    static constexpr fixed_string name = "mean";

    [[nodiscard]] constexpr double result() const noexcept { return this->state_.mean(); }
};

}  // namespace millrace
