#pragma once

#include <millrace/core/timestamp.hpp>

namespace millrace {

MILLRACE_INLINE void append_rfc3339(std::string& out, timestamp time) {
    using namespace std::chrono;
    // Not floor<days>(time): nanoseconds cannot hold the start of the first day.
    constexpr std::int64_t per_day = 86'400'000'000'000;
    const std::int64_t whole = time.time_since_epoch().count();
    const std::int64_t rest = (whole % per_day + per_day) % per_day;
    const auto day = whole / per_day - (whole % per_day < 0 ? 1 : 0);
    const year_month_day date{sys_days{days{day}}};
    char text[30] = "0000-00-00T00:00:00";
    const auto put = [&](std::size_t at, std::size_t count, std::int64_t value) {
        for (std::size_t i = count; i-- > 0; value /= 10) {
            text[at + i] = static_cast<char>('0' + value % 10);
        }
    };
    put(0, 4, int{date.year()});
    put(5, 2, unsigned{date.month()});
    put(8, 2, unsigned{date.day()});
    put(11, 2, rest / 3'600'000'000'000);
    put(14, 2, rest / 60'000'000'000 % 60);
    put(17, 2, rest / 1'000'000'000 % 60);
    std::size_t size = 19;
    if (const std::int64_t fraction = rest % 1'000'000'000; fraction != 0) {
        const bool needs_9 = fraction % 1'000 != 0, needs_6 = fraction % 1'000'000 != 0;
        const std::size_t count = needs_9 ? 9 : needs_6 ? 6 : 3;
        text[size] = '.';
        put(size + 1, count, fraction / (needs_9 ? 1 : needs_6 ? 1'000 : 1'000'000));
        size += 1 + count;
    }
    text[size++] = 'Z';
    out.append(text, size);
}

}  // namespace millrace
