#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/fixed_string.hpp>
#include <millrace/core/key_part.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// "1m30s"; "unlimited" for the longest that there is.
[[nodiscard]] std::string duration_text(duration value);

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// What the schema calls the field that a projection picks; "function" for one that computes.
template <class Projection>
[[nodiscard]] std::string projection_name(const Projection&) {
    return "function";
}
template <char... Letters>
[[nodiscard]] std::string projection_name(const at_field<Letters...>&) {
    return std::string{spelled<Letters...>.view()};
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

/// As a key of several parts is called.
template <class... Projections>
[[nodiscard]] std::string projection_name(const composite_projection<Projections...>& of) {
    std::string all;
    const auto append = [&](const auto& part) {
        if (!all.empty()) all += '/';
        const std::size_t begin = all.size();
        escape_part(all += projection_name(part), begin);
    };
    std::apply([&](const auto&... parts) { (append(parts), ...); }, of.all);
    return all;
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

#ifndef MILLRACE_COMPILED
#include <millrace/pipeline/detail/setting_text.ipp>
#endif
