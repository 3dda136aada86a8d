#pragma once

#include <array>
#include <cfloat>
#include <cmath>

#include <millrace/codec/json_number.hpp>
#include <millrace/codec/number_text.hpp>

namespace millrace::detail {

/// Writes `number`, not negative, where it has few enough digits that no other number of type `T`
/// has the same ones (6 for float, 15 for double): what reads back as it then is unique but for
/// zeros at the end, so without these it is the shortest text. Null where it has more, or where the
/// scientific form could be shorter.
template <class T>
char* write_few_digits(char* to, T number) noexcept {
    constexpr int most_digits = std::numeric_limits<T>::digits10;
    constexpr auto limit = static_cast<T>(exact_powers_of_ten[most_digits]);
    if (FLT_EVAL_METHOD != 0 || !(number < limit)) return nullptr;

    const auto whole = static_cast<std::int64_t>(number);
    if (static_cast<T>(whole) == number) {
        if (whole % 100'000 == 0 && whole != 0) return nullptr;
        return write_integer(to, static_cast<std::uint64_t>(whole));
    }
    if (number < static_cast<T>(0.001)) return nullptr;

    // So many digits have room behind the point, and the sum of both roundings is below a half.
    char* const point = write_integer(to, static_cast<std::uint64_t>(whole));
    const int places = most_digits - (whole == 0 ? 0 : static_cast<int>(point - to));
    const auto scale = static_cast<T>(exact_powers_of_ten[static_cast<std::size_t>(places)]);
    const auto digits = static_cast<std::int64_t>(number * scale + T{0.5});
    if (static_cast<T>(digits) / scale != number) return nullptr;  // rounds once: both are exact

    // As a fraction of sixteen digits.
    const auto fraction =
        static_cast<std::uint64_t>(digits - whole * static_cast<std::int64_t>(scale)) *
        static_cast<std::uint64_t>(exact_powers_of_ten[static_cast<std::size_t>(16 - places)]);
    const std::uint64_t first = eight_digits_of(static_cast<std::uint32_t>(fraction / 100'000'000));
    const std::uint64_t second =
        eight_digits_of(static_cast<std::uint32_t>(fraction % 100'000'000));
    *point = '.';
    write_word(write_word(point + 1, first), second);
    const auto zeros_at_end = [](std::uint64_t word) {
        return std::countl_zero(word & 0x0F0F0F0F0F0F0F0F) / 8;
    };
    const int zeros = zeros_at_end(second);
    return point + 17 - (zeros == 8 ? 8 + zeros_at_end(first) : zeros);
}

template <class T>
char* write_shortest(char* to, T number) noexcept {
    char* const digits = std::signbit(number) ? to + 1 : to;
    *to = '-';
    if (char* const end = write_few_digits(digits, std::abs(number)); end != nullptr) return end;
    return std::to_chars(to, to + max_number_bytes, number).ptr;
}

MILLRACE_INLINE char* write_floating(char* to, double number) noexcept {
    return write_shortest(to, number);
}

MILLRACE_INLINE char* write_floating(char* to, float number) noexcept {
    return write_shortest(to, number);
}

}  // namespace millrace::detail
