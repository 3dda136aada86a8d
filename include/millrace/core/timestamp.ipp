#pragma once

#include <array>
#include <cstring>

#include <millrace/core/timestamp.hpp>

namespace millrace {

namespace detail {

/// The numbers from 0 to 99, of two digits each.
inline constexpr auto digit_pairs = [] {
    std::array<char, 200> all{};
    for (std::size_t i = 0; i < 100; ++i) {
        all[2 * i] = static_cast<char>('0' + i / 10);
        all[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return all;
}();

inline char* write_two_digits(char* to, std::uint32_t number) noexcept {
    std::memcpy(to, &digit_pairs[2 * number], 2);
    return to + 2;
}

inline char* write_three_digits(char* to, std::uint32_t number) noexcept {
    *to = static_cast<char>('0' + number / 100);
    return write_two_digits(to + 1, number % 100);
}

MILLRACE_INLINE char* write_rfc3339(char* to, timestamp time) noexcept {
    using namespace std::chrono;
    constexpr std::int64_t per_day = 86'400;
    const auto whole = floor<seconds>(time.time_since_epoch()).count();
    // Unsigned, for the first second begins before what nanoseconds can hold.
    const auto fraction =
        static_cast<std::uint32_t>(static_cast<std::uint64_t>(time.time_since_epoch().count()) -
                                   static_cast<std::uint64_t>(whole) * 1'000'000'000);
    const auto day = whole / per_day - (whole % per_day < 0 ? 1 : 0);
    const auto second = static_cast<std::uint32_t>(whole - day * per_day);
    const year_month_day date{sys_days{days{day}}};
    const auto put_behind = [&](char mark, std::uint32_t number) {
        *to++ = mark;
        to = write_two_digits(to, number);
    };
    const auto year = static_cast<std::uint32_t>(int{date.year()});
    to = write_two_digits(write_two_digits(to, year / 100), year % 100);
    put_behind('-', unsigned{date.month()});
    put_behind('-', unsigned{date.day()});
    put_behind('T', second / 3'600);
    put_behind(':', second / 60 % 60);
    put_behind(':', second % 60);
    if (fraction != 0) {
        *to++ = '.';
        to = write_three_digits(to, fraction / 1'000'000);
        if (fraction % 1'000'000 != 0) to = write_three_digits(to, fraction / 1'000 % 1'000);
        if (fraction % 1'000 != 0) to = write_three_digits(to, fraction % 1'000);
    }
    *to++ = 'Z';
    return to;
}

}  // namespace detail

MILLRACE_INLINE void append_rfc3339(std::string& out, timestamp time) {
    char text[detail::max_rfc3339_bytes];
    out.append(text, detail::write_rfc3339(text, time));
}

}  // namespace millrace
