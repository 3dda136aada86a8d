#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/codec/json_number.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

/// Whether every field of `T` is a scalar or an optional of one.
template <described T>
[[nodiscard]] consteval bool has_scalar_fields() {
    bool all = true;
    schema<T>.for_each([&](const auto& field) {
        using value_type = typename std::remove_cvref_t<decltype(field)>::value_type;
        all = all && scalar<unwrapped<value_type>>;
    });
    return all;
}

/// Whether text is ever a value of `T`.
template <class T>
inline constexpr bool takes_text = text<T> || named_enum<T> || std::same_as<T, timestamp>;

/// Whether a number is.
template <class T>
inline constexpr bool takes_number =
    (std::is_arithmetic_v<T> && !std::same_as<T, bool>) || std::same_as<T, timestamp>;

// Each assigns one kind of JSON value to a field's value and tells why it cannot.

template <scalar T>
[[nodiscard]] errc assign_text(T& to, std::string_view from, time_format) {
    if constexpr (text<T>) {
        to = from;
        return no_error;
    } else if constexpr (named_enum<T>) {
        const std::optional<T> found = schema<T>.find(from);
        if (!found) return errc::unknown_enumerator;
        to = *found;
        return no_error;
    } else if constexpr (std::same_as<T, timestamp>) {
        const std::optional<timestamp> time = parse_rfc3339(from);
        if (!time) return errc::invalid_timestamp;
        to = *time;
        return no_error;
    } else {
        return errc::wrong_type;
    }
}

/// `Number`: json_number or short_number.
template <scalar T, class Number>
[[nodiscard]] errc assign_number(T& to, const Number& from, time_format format) {
    if constexpr (std::same_as<T, timestamp>) {
        if (!from.is_integer) return errc::invalid_timestamp;
        std::int64_t count = 0;
        if (const errc failure = convert(from, count); failure != no_error) return failure;
        const std::optional<timestamp> time = timestamp_from(count, format);
        if (!time) return errc::out_of_range;
        to = *time;
        return no_error;
    } else if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>) {
        return convert(from, to);
    } else {
        return errc::wrong_type;
    }
}

template <scalar T>
[[nodiscard]] errc assign_bool(T& to, bool from) {
    if constexpr (std::same_as<T, bool>) {
        to = from;
        return no_error;
    } else {
        return errc::wrong_type;
    }
}

template <class T>
[[nodiscard]] errc assign_null(T& to) {
    if constexpr (is_optional<T>) {
        to.reset();
        return no_error;
    } else {
        return errc::wrong_type;
    }
}

/// The value itself, or that inside an optional, which then has one.
template <class T>
[[nodiscard]] unwrapped<T>& engaged(T& value) {
    if constexpr (is_optional<T>) {
        return value ? *value : value.emplace();
    } else {
        return value;
    }
}

/// Calls `f(std::integral_constant<std::size_t, Index>{})` unless `Index` is beyond `Size`.
template <std::size_t Size, std::size_t Index, class F>
[[gnu::always_inline]] inline void call_with(F& f) {
    if constexpr (Index < Size) f(std::integral_constant<std::size_t, Index>{});
}

/// Calls `f` with the constant of that value; does nothing for an index from `Size` on.
template <std::size_t Size, std::size_t From = 0, class F>
[[gnu::always_inline]] inline void visit_index(std::size_t index, F&& f) {
    switch (index - From) {
        case 0: return call_with<Size, From>(f);
        case 1: return call_with<Size, From + 1>(f);
        case 2: return call_with<Size, From + 2>(f);
        case 3: return call_with<Size, From + 3>(f);
        case 4: return call_with<Size, From + 4>(f);
        case 5: return call_with<Size, From + 5>(f);
        case 6: return call_with<Size, From + 6>(f);
        case 7: return call_with<Size, From + 7>(f);
        default:
            if constexpr (From + 8 < Size) visit_index<Size, From + 8>(index, f);
    }
}

/// Calls `f(field)` for the field of `T` at `index`; does nothing for an index beyond them.
template <described T, class F>
void visit_field(std::size_t index, F&& f) {
    visit_index<schema<T>.size>(index,
                                [&](auto constant) { f(std::get<constant>(schema<T>.all)); });
}

}  // namespace millrace::detail
