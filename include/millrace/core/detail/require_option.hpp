#pragma once

#include <chrono>
#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::detail {

/// A hundred years. Added to any time of a clock it stays within 64 bits of nanoseconds.
inline constexpr std::chrono::milliseconds longest_time = std::chrono::hours{24 * 36500};

/// What is not right is said with the name of the stage, or of whatever has the option, in front.
/// @throws std::invalid_argument
constexpr void require_option(bool is_right, std::string_view needed,
                              std::string_view of = "millrace") {
    if (!is_right) throw std::invalid_argument(std::string{of} + ": " + std::string{needed});
}

/// The value, of a number or a time that must not be 0. @throws std::invalid_argument
template <class Value>
constexpr Value require_positive(std::string_view name, Value value, std::string_view of) {
    if (value <= Value{})
        require_option(false,
                       std::string{name} +
                           (std::unsigned_integral<Value> ? " must not be 0" : " must be positive"),
                       of);
    return value;
}

/// Likewise, where 0 will do.
template <class Value>
constexpr Value require_not_negative(std::string_view name, Value value, std::string_view of) {
    if (value < Value{}) require_option(false, std::string{name} + " must not be negative", of);
    return value;
}

/// A time that somebody has to wait for. @throws std::invalid_argument
inline void require_time(std::string_view name, std::chrono::milliseconds time,
                         std::chrono::milliseconds least = std::chrono::milliseconds{1},
                         std::string_view of = "millrace") {
    if (time < least || time > longest_time)
        require_option(false,
                       std::string{name} + " must be from " + std::to_string(least.count()) +
                           " ms to a hundred years",
                       of);
}

}  // namespace millrace::detail
