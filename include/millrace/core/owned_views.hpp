#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/schema.hpp>

namespace millrace {

// Where events wait they are copied, with the texts of which they are views, as far as their schema
// leads to these. A view or pointer that stands in no field is copied as it is, and must be of what
// lives on: members that are views of text are found in aggregates, and refused or not made to
// wait; those of other classes, of bases and behind pointers cannot be.

/// Whether a copy of a `T` refers to nothing outside of itself, as those of numbers, enumerations,
/// `std::string`, durations and times do. To be specialised for a type of your own that an event
/// has as a field:
///
///     template <>
///     inline constexpr bool millrace::owns_its_value<decimal> = true;
template <class T>
inline constexpr bool owns_its_value = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <>
inline constexpr bool owns_its_value<std::string> = true;
template <class Rep, class Period>
inline constexpr bool owns_its_value<std::chrono::duration<Rep, Period>> = true;
template <class Clock, class Duration>
inline constexpr bool owns_its_value<std::chrono::time_point<Clock, Duration>> = true;

namespace detail {

/// A range that holds its elements itself: neither a view nor a span.
template <class T>
concept container =
    std::ranges::forward_range<T> && !std::ranges::view<T> && !std::ranges::borrowed_range<T> &&
    std::is_lvalue_reference_v<std::ranges::range_reference_t<T>>;

/// Calls `f.template operator()<Value>()` for each field's type, until it is true.
template <described T, class F>
[[nodiscard]] consteval bool any_field(F f) {
    bool is_any = false;
    schema<T>.for_each([&](const auto& field) {
        using value_type = typename std::remove_cvref_t<decltype(field)>::value_type;
        is_any = is_any || f.template operator()<value_type>();
    });
    return is_any;
}

/// Whether `T` has views of text that its schema, or the standard library's, leads to.
template <class T>
[[nodiscard]] consteval bool has_views() {
    if constexpr (std::same_as<T, std::string_view>) {
        return true;
    } else if constexpr (owns_its_value<T>) {
        return false;
    } else if constexpr (is_optional<T>) {
        return has_views<unwrapped<T>>();
    } else if constexpr (described<T>) {
        return any_field<T>([]<class Value>() { return has_views<Value>(); });
    } else if constexpr (container<T>) {
        return has_views<std::ranges::range_value_t<T>>();
    } else {
        return false;
    }
}

/// Whether `own_views` leaves nothing in a `T` that refers to memory of others.
template <class T>
[[nodiscard]] consteval bool can_own_views() {
    if constexpr (std::same_as<T, std::string_view> || owns_its_value<T>) {
        return true;
    } else if constexpr (is_optional<T>) {
        return can_own_views<unwrapped<T>>();
    } else if constexpr (described<T>) {
        return !any_field<T>([]<class Value>() { return !can_own_views<Value>(); });
    } else if constexpr (container<T>) {
        using element = std::remove_reference_t<std::ranges::range_reference_t<T>>;
        return can_own_views<std::remove_const_t<element>>() &&
               (!std::is_const_v<element> || !has_views<std::remove_const_t<element>>());
    } else {
        return false;
    }
}

/// Gives each view of text in `value` what `keep(view)` returns: the same text, in memory that
/// lives longer.
template <class T, class Keep>
void own_views(T& value, Keep& keep) {
    if constexpr (!has_views<T>()) {
        return;
    } else if constexpr (std::same_as<T, std::string_view>) {
        value = keep(value);
    } else if constexpr (is_optional<T>) {
        if (value) own_views(*value, keep);
    } else if constexpr (described<T>) {
        schema<T>.for_each([&](const auto& field) { own_views(field.get(value), keep); });
    } else {
        for (auto& each : value) own_views(each, keep);
    }
}

/// Whether a copy of a `T` has to be given texts of its own, and can be.
template <class T>
inline constexpr bool has_views_to_own = has_views<T>() && can_own_views<T>();

/// The bytes of all texts that `value` has views of.
template <class T>
[[nodiscard]] std::size_t viewed_bytes(T& value) {
    std::size_t size = 0;
    const auto measure = [&](std::string_view text) {
        size += text.size();
        return text;
    };
    own_views(value, measure);
    return size;
}

/// The bytes that a copy of `value`, once it owns its texts, has outside of itself: of texts and
/// containers that its schema, or the standard library's, leads to.
template <class T>
[[nodiscard]] std::size_t outer_bytes([[maybe_unused]] const T& value) {
    std::size_t size = 0;
    if constexpr (std::same_as<T, std::string_view>) {
        size = value.size();
    } else if constexpr (std::same_as<T, std::string>) {
        if (value.size() > std::string{}.capacity()) size = value.size() + 1;
    } else if constexpr (owns_its_value<T>) {
        return 0;
    } else if constexpr (is_optional<T>) {
        if (value) size = outer_bytes(*value);
    } else if constexpr (described<T>) {
        schema<T>.for_each([&](const auto& field) { size += outer_bytes(field.get(value)); });
    } else if constexpr (container<T>) {
        for (const auto& each : value) {
            if constexpr (requires(T & all) { all.clear(); }) size += sizeof each;
            size += outer_bytes(each);
        }
    }
    return size;
}

/// Copies the texts that `value` has views of to `to`, for as long as which `value` is good.
template <class T>
void copy_viewed(T& value, char* to) {
    const auto copy = [&](std::string_view from) {
        if (!from.empty()) std::memcpy(to, from.data(), from.size());
        return std::string_view{std::exchange(to, to + from.size()), from.size()};
    };
    own_views(value, copy);
}

}  // namespace detail

}  // namespace millrace
