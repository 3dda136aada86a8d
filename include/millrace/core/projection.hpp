#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

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

/// Spelled out, for clang++ shows the letters of a `fixed_string` as numbers.
template <char... Letters>
inline constexpr fixed_string<sizeof...(Letters)> spelled{{Letters..., '\0'}};

template <class Event, char... Letters>
concept has_field_called = described<Event> &&
    (schema<Event>.index_of(spelled<Letters...>) != schema<Event>.size);

template <char... Letters>
struct at_field {
    template <class Event>
    requires has_field_called<Event, Letters...>
    [[nodiscard]] constexpr const auto& operator()(const Event& event) const noexcept {
        return std::get<schema<Event>.index_of(spelled<Letters...>)>(schema<Event>.all).get(event);
    }
};

template <char... Letters>
consteval at_field<Letters...> at_letters(std::integer_sequence<char, Letters...>) {
    return {};
}

template <fixed_string Name, std::size_t... Index>
consteval auto make_at(std::index_sequence<Index...>) {
    return at_letters(std::integer_sequence<char, Name.text[Index]...>{});
}

}  // namespace detail

/// The projection to the field that the event's schema calls `Name`. It reaches the results of a
/// previous stage: `ewma_zscore<at<"mean">>`.
template <fixed_string Name>
inline constexpr auto at = detail::make_at<Name>(std::make_index_sequence<Name.view().size()>{});

/// Whether `Projection` gives a number for an `Event`.
template <auto Projection, class Event>
concept projects_number = std::invocable<const decltype(Projection)&, const Event&> &&
    std::is_arithmetic_v<projected<decltype(Projection), Event>>;

/// An event of which each of the projections gives a number.
template <class Event, auto... Projections>
concept projects_numbers = (projects_number<Projections, Event> && ...);

}  // namespace millrace
