#pragma once

#include <cfloat>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <system_error>

#include <millrace/core/error.hpp>
#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// `errc` without an error.
inline constexpr errc no_error{};

/// A number of a JSON text, taken apart but not yet converted to a type.
struct json_number {
    const char* begin = nullptr;
    const char* end = nullptr;
    std::uint64_t digits = 0;   ///< all digits as one integer; valid while `is_exact`
    std::int64_t exponent = 0;  ///< the power of ten that `digits` is to be multiplied by
    bool is_negative = false;
    bool is_integer = false;  ///< neither a fraction nor an exponent
    bool is_exact = false;    ///< the digits fit into 64 bits
};

[[nodiscard]] constexpr unsigned digit_of(char c) noexcept {
    return static_cast<unsigned>(c) - unsigned{'0'};
}

[[nodiscard]] constexpr bool are_eight_digits(std::uint64_t word) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    const std::uint64_t off = word ^ (each * '0');
    return ((off | (off + each * 0x76)) & (each * 0x80)) == 0;
}

/// The value of eight digits, the first one in the lowest byte: pairs, then fours, then all.
[[nodiscard]] constexpr std::uint64_t value_of_eight_digits(std::uint64_t word) noexcept {
    word &= 0x0F0F0F0F0F0F0F0F;
    word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
    word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
    return (word * 10'000 + (word >> 32)) & 0xFFFFFFFF;
}

/// Appends the digits at `at` to `value`, modulo 2^64. Reads up to `end`, which is no digit.
[[nodiscard]] inline const char* scan_digits(const char* at, const char* end,
                                             std::uint64_t& value) noexcept {
    for (; end - at >= 8 && are_eight_digits(load_64(at)); at += 8) {
        value = value * 100'000'000 + value_of_eight_digits(load_64(at));
    }
    for (unsigned digit; (digit = digit_of(*at)) <= 9; ++at) value = value * 10 + digit;
    return at;
}

/// Takes apart the number at `at` (RFC 8259, section 6), which must end before white space, a
/// comma, a closing bracket or the terminator at `end`. False when it is anything else.
[[nodiscard]] inline bool scan_number(const char* at, const char* end, json_number& to) noexcept {
    to.begin = at;
    to.digits = 0;
    to.exponent = 0;
    to.is_integer = true;
    to.is_negative = *at == '-';
    if (to.is_negative) ++at;

    const char* const first = at;
    if (*at == '0') {
        ++at;
    } else {
        at = scan_digits(at, end, to.digits);
        if (at == first) return false;
    }
    std::int64_t count = at - first;
    if (*at == '.') {
        to.is_integer = false;
        const char* const point = ++at;
        at = scan_digits(at, end, to.digits);
        if (at == point) return false;
        to.exponent = point - at;
        count += at - point;
    }
    if (*at == 'e' || *at == 'E') {
        to.is_integer = false;
        ++at;
        const bool down = *at == '-';
        if (*at == '+' || *at == '-') ++at;
        if (digit_of(*at) > 9) return false;
        std::int64_t power = 0;
        for (unsigned digit; (digit = digit_of(*at)) <= 9; ++at) {
            if (power < 1'000'000'000'000) power = power * 10 + digit;
        }
        to.exponent += down ? -power : power;
    }
    to.end = at;
    to.is_exact = count <= 19;
    const char next = *at;
    return next == ',' || next == '}' || next == ']' || next == ' ' || next == '\0' ||
           next == '\n' || next == '\r' || next == '\t';
}

/// Whether the number lies between -1 and 1.
[[nodiscard]] inline bool is_below_one(const json_number& number) noexcept {
    const char* at = number.begin;
    while (*at == '-' || *at == '0' || *at == '.') ++at;
    std::int64_t significant = 0;
    for (; *at == '.' || digit_of(*at) <= 9; ++at) significant += *at == '.' ? 0 : 1;
    return significant + number.exponent <= 0;
}

template <std::integral T>
[[nodiscard]] errc convert(const json_number& from, T& to) noexcept {
    if (!from.is_integer) return errc::wrong_type;
    std::uint64_t magnitude = from.digits;
    if (!from.is_exact) {
        const char* const first = from.begin + (from.is_negative ? 1 : 0);
        if (std::from_chars(first, from.end, magnitude).ec != std::errc{})
            return errc::out_of_range;
    }
    if (from.is_negative) {
        // Also right for an unsigned T: the lowest value's magnitude is 0.
        constexpr auto lowest =
            std::uint64_t{0} - static_cast<std::uint64_t>(std::numeric_limits<T>::min());
        if (magnitude > lowest) return errc::out_of_range;
        to = static_cast<T>(std::uint64_t{0} - magnitude);
    } else {
        if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
            return errc::out_of_range;
        }
        to = static_cast<T>(magnitude);
    }
    return no_error;
}

/// Correctly rounded; what is too small becomes zero, what is too large is an error.
template <std::floating_point T>
[[nodiscard]] errc convert(const json_number& from, T& to) noexcept {
    if constexpr (std::same_as<T, double> && FLT_EVAL_METHOD == 0) {
        // Both operands are exact, so that the one operation rounds once (Clinger 1990).
        constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
        if (from.is_exact && from.digits <= std::uint64_t{1} << 53 && from.exponent >= -22 &&
            from.exponent <= 22) {
            const auto digits = static_cast<double>(from.digits);
            const double value = from.exponent < 0 ? digits / powers[-from.exponent]
                                                   : digits * powers[from.exponent];
            to = from.is_negative ? -value : value;
            return no_error;
        }
    }
    T value = 0;
    const auto [end, failure] = std::from_chars(from.begin, from.end, value);
    if (failure == std::errc::result_out_of_range) {
        if (!is_below_one(from)) return errc::out_of_range;
        value = from.is_negative ? T{-0.0} : T{0};
    }
    if (value > std::numeric_limits<T>::max() || value < std::numeric_limits<T>::lowest()) {
        return errc::out_of_range;
    }
    to = value;
    return no_error;
}

}  // namespace millrace::detail
