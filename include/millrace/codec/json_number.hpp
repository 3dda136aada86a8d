#pragma once

#include <array>
#include <bit>
#include <cfloat>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <millrace/codec/nearest_binary.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// `errc` without an error.
inline constexpr errc no_error{};

/// A number of a JSON text, taken apart but not yet converted to a type.
struct json_number {
    const char* begin;
    const char* end;
    std::uint64_t digits;   ///< all digits as one integer; valid while `is_exact`
    std::int64_t exponent;  ///< the power of ten that `digits` is to be multiplied by
    bool is_negative;
    bool is_integer;  ///< neither a fraction nor an exponent
    bool is_exact;    ///< the digits fit into 64 bits
};

[[nodiscard]] constexpr unsigned digit_of(char c) noexcept {
    return static_cast<unsigned>(c) - unsigned{'0'};
}

inline constexpr std::array<std::uint32_t, 8> small_powers_of_ten{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};

/// Powers of ten that are exact as double; those up to 10^10 are as float.
inline constexpr std::array<double, 23> exact_powers_of_ten{
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Eight characters as what they are worth as digits.
[[nodiscard]] inline std::uint64_t load_digits(const char* at) noexcept {
    return load_64(at) ^ 0x3030303030303030;
}

/// The high bit of each byte of `load_digits` that is no digit.
[[nodiscard]] constexpr std::uint64_t not_digits(std::uint64_t word) noexcept {
    return (((word & 0x7F7F7F7F7F7F7F7F) + 0x7676767676767676) | word) & 0x8080808080808080;
}

/// The value of eight digits, the first one in the lowest byte: each product adds up neighbours,
/// first pairs, then fours, then all.
[[nodiscard]] constexpr std::uint64_t value_of_eight_digits(std::uint64_t word) noexcept {
    word = (word * (1 + (10 << 8))) >> 8 & 0x00FF00FF00FF00FF;
    word = (word * (1 + (100 << 16))) >> 16 & 0x0000FFFF0000FFFF;
    return (word * (1 + (10'000ull << 32))) >> 32;
}

#if defined(__SSE2__)

/// Reads sixteen digits; false where one of them is none.
[[nodiscard]] inline bool scan_sixteen_digits(const char* at, std::uint64_t& value) noexcept {
    const __m128i digits =
        _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), _mm_set1_epi8('0'));
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    if (_mm_movemask_epi8(is_digit) != 0xFFFF) return false;
    // Each step adds up neighbours, of which the first one is the lower.
    const __m128i first = _mm_and_si128(digits, _mm_set1_epi16(0xFF));
    const __m128i pairs =
        _mm_add_epi16(_mm_mullo_epi16(first, _mm_set1_epi16(10)), _mm_srli_epi16(digits, 8));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eights =
        _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10'000));
    const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
    value = (both & 0xFFFFFFFF) * 100'000'000 + (both >> 32);
    return true;
}

#else

[[nodiscard]] inline bool scan_sixteen_digits(const char*, std::uint64_t&) noexcept {
    return false;
}

#endif

/// Appends the digits at `at` to `value`, modulo 2^64. Reads up to `end`, which is no digit.
[[nodiscard]] inline const char* scan_digits(const char* at, const char* end,
                                             std::uint64_t& value) noexcept {
    while (end - at >= 7) {
        const std::uint64_t word = load_digits(at);
        const std::uint64_t others = not_digits(word);
        if (others != 0) {
            const auto bits = static_cast<unsigned>(std::countr_zero(others)) & 0x78;
            value = value * small_powers_of_ten[bits / 8] +
                    value_of_eight_digits(word << (56 - bits) << 8);
            return at + bits / 8;
        }
        if (std::uint64_t sixteen; end - at >= 15 && scan_sixteen_digits(at, sixteen)) {
            value = value * 10'000'000'000'000'000 + sixteen;
            at += 16;
        } else {
            value = value * 100'000'000 + value_of_eight_digits(word);
            at += 8;
        }
    }
    for (unsigned digit; (digit = digit_of(*at)) <= 9; ++at) value = value * 10 + digit;
    return at;
}

/// A number of few digits, without sign and exponent.
struct short_number {
    const char* end;
    std::uint32_t digits;  ///< all digits as one integer
    std::uint32_t places;  ///< those behind the point
    bool is_integer;       ///< has no point
};

/// Reads the number that begins with the eight characters at `at` and ends within them. Its end is
/// null where anything else is there, right or wrong.
[[nodiscard, gnu::always_inline]] inline short_number scan_short_number(const char* at) noexcept {
    const std::uint64_t word = load_digits(at);
    std::uint64_t others = not_digits(word);
    const auto first_other = [&] { return static_cast<unsigned>(std::countr_zero(others)); };
    const unsigned whole_bits = first_other() & 0x78;  // 64 when there is none
    if (whole_bits - 8 > 48 || (*at == '0' && whole_bits != 8)) return {};
    std::uint64_t digits = word << (64 - whole_bits);
    unsigned fraction_bits = 0, end_bits = whole_bits;
    const bool is_integer = at[whole_bits / 8] != '.';
    if (!is_integer) {
        others &= others - 1;
        if (others == 0) return {};
        end_bits = first_other() & 0x78;
        fraction_bits = end_bits - whole_bits - 8;
        if (fraction_bits == 0) return {};
        digits = digits >> fraction_bits | (word >> (whole_bits + 8)) << (64 - fraction_bits);
    }
    const char* const end = at + end_bits / 8;
    if ((*end | 0x20) == 'e') return {};
    return {end, static_cast<std::uint32_t>(value_of_eight_digits(digits)), fraction_bits / 8,
            is_integer};
}

/// As `scan_number`, of any number without a sign.
[[nodiscard]] inline const char* scan_long_number(const char* at, const char* end,
                                                  json_number& to) noexcept {
    to.digits = 0;
    to.exponent = 0;
    to.is_integer = true;
    const char* const first = at;
    if (*at == '0') {
        ++at;
    } else {
        at = scan_digits(at, end, to.digits);
        if (at == first) return nullptr;
    }
    std::int64_t count = at - first;
    if (*at == '.') {
        to.is_integer = false;
        const char* const point = ++at;
        at = scan_digits(at, end, to.digits);
        if (at == point) return nullptr;
        to.exponent = point - at;
        count += at - point;
    }
    if (*at == 'e' || *at == 'E') {
        to.is_integer = false;
        ++at;
        const bool down = *at == '-';
        if (*at == '+' || *at == '-') ++at;
        if (digit_of(*at) > 9) return nullptr;
        std::int64_t power = 0;
        for (unsigned digit; (digit = digit_of(*at)) <= 9; ++at) {
            if (power < 1'000'000'000'000) power = power * 10 + digit;
        }
        to.exponent += down ? -power : power;
    }
    to.end = at;
    to.is_exact = count <= 19;
    return at;
}

/// Takes apart the number (RFC 8259, section 6) at the beginning of the text at `at`, of which the
/// terminator at `end` is read at most. Returns its end, whatever is there, or null where no number
/// is.
[[nodiscard]] inline const char* scan_number(const char* at, const char* end,
                                             json_number& to) noexcept {
    to.begin = at;
    to.is_negative = *at == '-';
    if (to.is_negative) ++at;
    if (to.is_negative && end - at >= 7) {
        if (const short_number number = scan_short_number(at); number.end != nullptr) {
            to.end = number.end;
            to.digits = number.digits;
            to.exponent = -std::int64_t{number.places};
            to.is_integer = number.is_integer;
            to.is_exact = true;
            return number.end;
        }
    }
    return scan_long_number(at, end, to);
}

/// Whether a number may end before `next`: white space, a comma, a closing bracket, or the
/// terminator.
[[nodiscard]] constexpr bool ends_number(char next) noexcept {
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

/// Where both operands are exact, so that the one operation rounds once (Clinger, "How to read
/// floating point numbers accurately", 1990).
template <std::floating_point T>
[[nodiscard]] bool convert_exactly(const json_number& from, T& to) noexcept {
    constexpr std::int64_t most = std::same_as<T, double> ? 22 : 10;
    constexpr std::uint64_t largest = std::uint64_t{1} << std::numeric_limits<T>::digits;
    if (FLT_EVAL_METHOD != 0 || !from.is_exact || from.digits > largest || from.exponent < -most ||
        from.exponent > most)
        return false;
    const auto digits = static_cast<T>(static_cast<std::int64_t>(from.digits));
    const auto power_of = [](std::int64_t exponent) {
        return static_cast<T>(exact_powers_of_ten[static_cast<std::size_t>(exponent)]);
    };
    const T value =
        from.exponent < 0 ? digits / power_of(-from.exponent) : digits * power_of(from.exponent);
    to = from.is_negative ? -value : value;
    return true;
}

/// As `convert`, of any number.
template <std::floating_point T>
[[nodiscard, gnu::noinline]] errc convert_digits(const json_number& from, T& to) noexcept {
    if (from.is_exact) {
        std::optional<T> nearest;
        if constexpr (std::same_as<T, double>) nearest = nearest_double(from.digits, from.exponent);
        if constexpr (std::same_as<T, float>) nearest = nearest_float(from.digits, from.exponent);
        if (nearest) {
            if (*nearest > std::numeric_limits<T>::max()) return errc::out_of_range;
            to = from.is_negative ? -*nearest : *nearest;
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

/// Correctly rounded; what is too small becomes zero, what is too large is an error.
template <std::floating_point T>
[[nodiscard]] errc convert(const json_number& from, T& to) noexcept {
    if constexpr (!std::same_as<T, long double>) {
        if (convert_exactly(from, to)) return no_error;
    }
    return convert_digits(from, to);
}

template <std::integral T>
[[nodiscard]] errc convert(const short_number& from, T& to) noexcept {
    if (!from.is_integer) return errc::wrong_type;
    if (from.digits > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
        return errc::out_of_range;
    to = static_cast<T>(from.digits);
    return no_error;
}

/// As of a `json_number`; both operands are exact here, too.
template <std::floating_point T>
[[nodiscard]] errc convert(const short_number& from, T& to) noexcept {
    to = static_cast<T>(static_cast<std::int32_t>(from.digits)) /
         static_cast<T>(exact_powers_of_ten[from.places]);
    return no_error;
}

}  // namespace millrace::detail
