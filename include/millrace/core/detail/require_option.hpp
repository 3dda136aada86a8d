#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::detail {

/// A hundred years. Added to any time of a clock it stays within 64 bits of nanoseconds.
inline constexpr std::chrono::milliseconds longest_time = std::chrono::hours{24 * 36500};

/// @throws std::invalid_argument with "millrace: " in front of what is needed
inline void require_option(bool is_right, std::string_view needed) {
    if (!is_right) throw std::invalid_argument("millrace: " + std::string{needed});
}

/// A time that somebody has to wait for. @throws std::invalid_argument
inline void require_time(std::string_view name, std::chrono::milliseconds time,
                         std::chrono::milliseconds least = std::chrono::milliseconds{1}) {
    if (time < least || time > longest_time)
        throw std::invalid_argument("millrace: " + std::string{name} + " must be from " +
                                    std::to_string(least.count()) + " ms to a hundred years");
}

}  // namespace millrace::detail
