#pragma once

#include <millrace/analyzers/number.hpp>

namespace millrace::detail {

/// Folds one projection's numbers into an accumulator: an analyzer but for its name and result.
/// The accumulator has `add(double)`, `merge(const Accumulator&)` and `archive(ar)`; where it has
/// `remove(double)`, events can be retracted.
template <auto Projection, class Accumulator>
class fold {
public:
    template <projects_numbers<Projection> Event>
    [[gnu::always_inline]] constexpr void update(const Event& event) noexcept(
        projects_nothrow<Event, Projection>&& noexcept(std::declval<Accumulator&>().add(0.0))) {
        const double x = number<Projection>(event);
        if (!std::isnan(x)) state_.add(x);
    }

    template <projects_numbers<Projection> Event>
    constexpr void retract(const Event& event) requires requires(Accumulator& a) {
        a.remove(0.0);
    }
    {
        const double x = number<Projection>(event);
        if (!std::isnan(x)) state_.remove(x);
    }

    constexpr void merge(const fold& other) { state_.merge(other.state_); }

    template <class Archive>
    void archive(Archive& ar) {
        ar(state_);
    }

protected:
    Accumulator state_;
};

}  // namespace millrace::detail
