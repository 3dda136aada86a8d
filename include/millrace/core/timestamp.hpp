#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>

namespace millrace {

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
/// Holds 1677-09-21 to 2262-04-11.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

using duration = std::chrono::nanoseconds;

/// `time + by`, held at the ends of what a timestamp can be.
[[nodiscard]] constexpr timestamp saturated_add(timestamp time, duration by) noexcept {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(time.time_since_epoch().count(), by.count(), &sum)) {
        return by < duration{0} ? timestamp::min() : timestamp::max();
    }
    return timestamp{duration{sum}};
}

/// How a field of time is written in JSON.
enum class time_format {
    rfc3339,       ///< "2015-08-31T18:22:00Z"; an integer is read as milliseconds
    seconds,       ///< integer seconds since the epoch; RFC 3339 text is read, too
    milliseconds,  ///< integer milliseconds, likewise
    microseconds,  ///< integer microseconds, likewise
    nanoseconds,   ///< integer nanoseconds, likewise
};

namespace detail {

[[nodiscard]] constexpr std::int64_t nanoseconds_per(time_format format) noexcept {
    switch (format) {
        case time_format::seconds: return 1'000'000'000;
        case time_format::microseconds: return 1'000;
        case time_format::nanoseconds: return 1;
        default: return 1'000'000;
    }
}

/// Two or four digits at `text[at]`, or -1.
[[nodiscard]] constexpr int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

}  // namespace detail

/// An integer count in `format`'s unit as a timestamp; empty where nanoseconds cannot hold it.
[[nodiscard]] constexpr std::optional<timestamp> timestamp_from(std::int64_t count,
                                                                time_format format) noexcept {
    std::int64_t nanoseconds = 0;
    if (__builtin_mul_overflow(count, detail::nanoseconds_per(format), &nanoseconds))
        return std::nullopt;
    return timestamp{duration{nanoseconds}};
}

/// The count in `format`'s unit that `time` falls into, rounded towards the past.
[[nodiscard]] constexpr std::int64_t count_of(timestamp time, time_format format) noexcept {
    const std::int64_t scale = detail::nanoseconds_per(format);
    const std::int64_t count = time.time_since_epoch().count();
    return count / scale - (count % scale < 0 ? 1 : 0);
}

/// Reads an RFC 3339 date-time, such as 2015-08-31T18:22:00.25+02:00. Digits of the fraction
/// beyond the ninth are cut. A leap second (:60) is the first instant of the next minute.
/// Empty when the text is anything else, or outside what a timestamp holds.
[[nodiscard]] constexpr std::optional<timestamp> parse_rfc3339(std::string_view text) noexcept {
    using namespace std::chrono;
    const auto is = [&](std::size_t at, char lower, char upper) {
        return at < text.size() && (text[at] == lower || text[at] == upper);
    };
    const int y = detail::digits(text, 0, 4), mo = detail::digits(text, 5, 2),
              d = detail::digits(text, 8, 2), h = detail::digits(text, 11, 2),
              mi = detail::digits(text, 14, 2), s = detail::digits(text, 17, 2);
    if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0) return std::nullopt;
    if (!is(4, '-', '-') || !is(7, '-', '-') || !(is(10, 't', 'T') || is(10, ' ', ' ')) ||
        !is(13, ':', ':') || !is(16, ':', ':') || h > 23 || mi > 59 || s > 60) {
        return std::nullopt;
    }
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok()) return std::nullopt;

    std::size_t at = 19;
    std::int64_t fraction = 0;
    if (is(at, '.', '.')) {
        const std::size_t first = ++at;
        std::int64_t scale = 100'000'000;
        for (; detail::digits(text, at, 1) >= 0; ++at, scale /= 10) {
            fraction += detail::digits(text, at, 1) * scale;
        }
        if (at == first) return std::nullopt;
    }

    std::int64_t offset_minutes = 0;
    if (is(at, 'z', 'Z')) {
        ++at;
    } else if (is(at, '+', '-')) {
        const int oh = detail::digits(text, at + 1, 2), om = detail::digits(text, at + 4, 2);
        if (oh < 0 || oh > 23 || om < 0 || om > 59 || !is(at + 3, ':', ':')) return std::nullopt;
        offset_minutes = (text[at] == '-' ? -1 : 1) * (oh * 60 + om);
        at += 6;
    } else {
        return std::nullopt;
    }
    if (at != text.size()) return std::nullopt;

    const std::int64_t whole = std::int64_t{sys_days{date}.time_since_epoch().count()} * 86'400 +
                               h * 3'600 + (mi - offset_minutes) * 60 + s;
    constexpr std::int64_t scale = 1'000'000'000;
    constexpr std::int64_t last = INT64_MAX / scale, first = INT64_MIN / scale - 1;
    if (whole > last || (whole == last && fraction > INT64_MAX % scale) || whole < first ||
        (whole == first && fraction < scale + INT64_MIN % scale)) {
        return std::nullopt;
    }
    if (whole < 0) return timestamp{duration{(whole + 1) * scale + (fraction - scale)}};
    return timestamp{duration{whole * scale + fraction}};
}

/// Appends `time` in RFC 3339, in UTC, with as many digits of the fraction as it needs
/// (none, 3, 6 or 9).
void append_rfc3339(std::string& out, timestamp time);

namespace detail {

inline constexpr std::size_t max_rfc3339_bytes = 30;

/// Writes what `append_rfc3339` appends, and returns its end.
[[nodiscard]] char* write_rfc3339(char* to, timestamp time) noexcept;

}  // namespace detail

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/core/timestamp.ipp>
#endif
