#pragma once

#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Room enough for any number's shortest text, and for what is written behind it and counts not.
inline constexpr std::size_t max_number_bytes = 64;

/// The text of a number below 10^8 with its leading zeros, the first digit in the lowest byte: it
/// is split into fours, pairs and digits, all at once.
[[nodiscard]] constexpr std::uint64_t eight_digits_of(std::uint32_t number) noexcept {
    const std::uint64_t fours = number / 10'000 | static_cast<std::uint64_t>(number % 10'000) << 32;
    // 10486 / 2^20 is a hundredth, and 103 / 2^10 a tenth, near enough for four and two digits.
    const std::uint64_t hundreds = fours * 10486 >> 20 & 0x7F0000007F;
    const std::uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    const std::uint64_t tens = pairs * 103 >> 10 & 0x000F000F000F000F;
    return (tens | (pairs - tens * 10) << 8) + 0x3030303030303030;
}

/// Writes 8 bytes, the lowest first.
inline char* write_word(char* to, std::uint64_t word) noexcept {
    std::memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

/// Writes the number, and up to 7 bytes more behind it. Returns the number's end.
inline char* write_integer(char* to, std::uint64_t number) noexcept {
    constexpr std::uint64_t scale = 100'000'000;
    if (number >= scale) {
        to = write_integer(to, number / scale);
        return write_word(to, eight_digits_of(static_cast<std::uint32_t>(number % scale)));
    }
    const std::uint64_t digits = eight_digits_of(static_cast<std::uint32_t>(number));
    const int zeros = std::countr_zero((digits & 0x0F0F0F0F0F0F0F0F) | std::uint64_t{1} << 56) / 8;
    write_word(to, digits >> (8 * zeros));
    return to + 8 - zeros;
}

// Writes the shortest text that reads back as the same number, as std::to_chars does.
[[nodiscard]] char* write_floating(char* to, double number) noexcept;
[[nodiscard]] char* write_floating(char* to, float number) noexcept;

/// Writes the shortest decimal that reads back as the same number, to where `max_number_bytes` have
/// room. Returns its end; what is behind that may have changed, too.
template <class Number>
requires std::is_arithmetic_v<Number>
[[nodiscard]] char* write_number(char* to, Number number) noexcept {
    if constexpr (std::same_as<Number, double> || std::same_as<Number, float>) {
        return write_floating(to, number);
    } else if constexpr (std::floating_point<Number>) {
        return std::to_chars(to, to + max_number_bytes, number).ptr;
    } else {
        auto magnitude = static_cast<std::uint64_t>(number);
        if constexpr (std::is_signed_v<Number>) {
            if (number < 0) {
                *to++ = '-';
                magnitude = std::uint64_t{0} - magnitude;
            }
        }
        return write_integer(to, magnitude);
    }
}

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/codec/number_text.ipp>
#endif
