#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/fixed_string.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// "1m30s"; "unlimited" for the longest that there is.
[[nodiscard]] inline std::string duration_text(duration value) {
    if (value == duration::max()) return "unlimited";
    if (value == duration{0}) return "0s";
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> units{{
        {"d", 86'400'000'000'000},
        {"h", 3'600'000'000'000},
        {"m", 60'000'000'000},
        {"s", 1'000'000'000},
        {"ms", 1'000'000},
        {"us", 1000},
        {"ns", 1},
    }};
    std::string text = value < duration{0} ? "-" : "";
    for (std::int64_t left = value.count(); const auto& [name, size] : units) {
        const std::int64_t whole = left / size;
        left %= size;
        if (whole != 0) text.append(std::to_string(whole < 0 ? -whole : whole)).append(name);
    }
    return text;
}

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// What the schema calls the field that a projection picks; "function" for one that computes.
template <class Projection>
[[nodiscard]] std::string projection_name(const Projection&) {
    return "function";
}
template <fixed_string Name>
[[nodiscard]] std::string projection_name(const at_field<Name>&) {
    return std::string{Name.view()};
}
template <described Owner, class Value>
requires(!std::is_function_v<Value>) [[nodiscard]] std::string
    projection_name(Value Owner::*const& member) {
    std::string name = "member";
    schema<Owner>.for_each([&](const auto& each) {
        if constexpr (requires { each.member == member; }) {
            if (each.member == member) name = each.name;
        }
    });
    return name;
}

/// What a scalar is called, the same for every compiler: "int64", "text", "enum(buy|sell)".
template <class T>
[[nodiscard]] std::string scalar_name() {
    if constexpr (is_optional<T>) {
        return scalar_name<unwrapped<T>>() + "?";
    } else if constexpr (text<T>) {
        return "text";
    } else if constexpr (std::same_as<T, bool>) {
        return "bool";
    } else if constexpr (std::same_as<T, timestamp>) {
        return "time";
    } else if constexpr (named_enum<T>) {
        std::string all = "enum";
        char separator = '(';
        for (const auto& each : schema<T>.all)
            (all += std::exchange(separator, '|')).append(each.name);
        return all + ")";
    } else if constexpr (std::is_arithmetic_v<T>) {
        const char* const kind = std::floating_point<T> ? "float"
                                 : std::is_signed_v<T>  ? "int"
                                                        : "uint";
        return kind + std::to_string(8 * sizeof(T));
    } else {
        return "other";
    }
}

}  // namespace millrace::detail
