#pragma once

#include <cmath>
#include <utility>

#include <millrace/core/projection.hpp>

namespace millrace::detail {

/// What the projection gives, as the `double` that analyzers compute with: an integer beyond 2^53
/// is rounded.
///
/// A NaN means "no value", in an event as in a result (the mean of no events): every analyzer
/// skips it, except `count`, which counts events.
template <auto Projection, class Event>
requires projects_number<Projection, Event>
[[nodiscard]] constexpr double number(const Event& event) noexcept(noexcept(project(Projection,
                                                                                    event))) {
    return static_cast<double>(project(Projection, event));
}

/// Whether none of the projections throws at an event.
template <class Event, auto... Projections>
inline constexpr bool projects_nothrow =
    (noexcept(project(Projections, std::declval<const Event&>())) && ...);

}  // namespace millrace::detail
