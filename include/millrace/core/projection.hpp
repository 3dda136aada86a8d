#pragma once

#include <functional>
#include <tuple>
#include <type_traits>

#include <millrace/core/fixed_string.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// A projection picks the value of an event that an analyzer or a key looks at, as a template
/// argument or a value: `&trade::price`, `at<"mean">`, or a function object without state.
/// `project(projection, event)` applies it.
template <class Projection, class Event>
[[nodiscard]] constexpr decltype(auto) project(
    const Projection& projection,
    const Event& event) noexcept(std::is_nothrow_invocable_v<const Projection&, const Event&>) {
    return std::invoke(projection, event);
}

/// What the projection gives, without reference.
template <class Projection, class Event>
using projected = std::remove_cvref_t<std::invoke_result_t<const Projection&, const Event&>>;

namespace detail {

template <fixed_string Name>
struct at_field {
    template <described Event>
    requires(schema<Event>.index_of(Name) < schema<Event>.size) [[nodiscard]] constexpr const auto&
    operator()(const Event& event) const {
        return std::get<schema<Event>.index_of(Name)>(schema<Event>.all).get(event);
    }

    template <described Event>
    requires(schema<Event>.index_of(Name) == schema<Event>.size) constexpr const auto& operator()(
        const Event& event) const {
        static_assert(schema<Event>.index_of(Name) < schema<Event>.size,
                      "at needs: the name of a field in the schema of its event, which has none "
                      "that is called so (see millrace/core/projection.hpp)");
        return event;
    }
};

}  // namespace detail

/// The projection to the field that the event's schema calls `Name`. It reaches the results of a
/// previous stage: `ewma_zscore<at<"mean">>`.
template <fixed_string Name>
inline constexpr detail::at_field<Name> at{};

/// Whether `Projection` gives a number for an `Event`.
template <auto Projection, class Event>
concept projects_number = std::invocable<const decltype(Projection)&, const Event&> &&
    std::is_arithmetic_v<projected<decltype(Projection), Event>>;

/// An event of which each of the projections gives a number.
template <class Event, auto... Projections>
concept projects_numbers = (projects_number<Projections, Event> && ...);

}  // namespace millrace
