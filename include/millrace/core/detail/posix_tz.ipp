#pragma once

#include <millrace/core/detail/posix_tz.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::int64_t yearly_time::in(int year) const {
    return std::int64_t{date_in(std::chrono::year{year}).time_since_epoch().count()} * 86'400 +
           time;
}

MILLRACE_INLINE std::chrono::local_days yearly_time::date_in(std::chrono::year year) const {
    using namespace std::chrono;
    const local_days first{year / January / 1};
    if (kind == kinds::day_of_year) return first + days{day};
    if (kind == kinds::day_without_leap_days)
        return first + days{day - (year.is_leap() && day >= 60 ? 0 : 1)};
    const auto in_month = year / std::chrono::month{static_cast<unsigned>(month)};
    const std::chrono::weekday weekday{static_cast<unsigned>(day)};
    if (week == 5) return local_days{in_month / weekday[last]};
    return local_days{in_month / weekday[static_cast<unsigned>(week)]};
}

MILLRACE_INLINE std::optional<posix_tz> posix_tz_parser::parse(std::string_view text) {
    posix_tz_parser parser{text};
    posix_tz parsed;
    if (!parser.name() || !parser.ahead_of_utc(parsed.offset)) return std::nullopt;
    if (parser.rest_.empty()) return parsed;

    posix_tz::daylight_time daylight{parsed.offset + 3'600, {}, {}};
    if (!parser.name()) return std::nullopt;
    if (!parser.next_is(',') && !parser.ahead_of_utc(daylight.offset)) return std::nullopt;
    if (!parser.take(',') || !parser.date_and_time(daylight.start) || !parser.take(',') ||
        !parser.date_and_time(daylight.end) || !parser.rest_.empty())
        return std::nullopt;
    parsed.daylight = daylight;
    return parsed;
}

MILLRACE_INLINE bool posix_tz_parser::take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
}

MILLRACE_INLINE bool posix_tz_parser::name() {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    const bool is_quoted = take('<');
    const auto end = rest_.find_first_not_of(letters.substr(0, is_quoted ? 64 : 52));
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(found.size());
    return found.size() >= 3 && (!is_quoted || take('>'));
}

MILLRACE_INLINE bool posix_tz_parser::number(int low, int high, int& value) {
    std::size_t digits = 0;
    for (value = 0; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9';)
        if ((value = value * 10 + (rest_[digits++] - '0')) > high) return false;
    rest_.remove_prefix(digits);
    return digits > 0 && value >= low;
}

MILLRACE_INLINE bool posix_tz_parser::time(int longest_hours, std::int32_t& seconds) {
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    int hour = 0, minute = 0, second = 0;
    if (!number(0, longest_hours, hour)) return false;
    if (take(':')) {
        if (!number(0, 59, minute)) return false;
        if (take(':') && !number(0, 59, second)) return false;
    }
    seconds = (is_negative ? -1 : 1) * (hour * 3'600 + minute * 60 + second);
    return true;
}

MILLRACE_INLINE bool posix_tz_parser::ahead_of_utc(std::int32_t& seconds) {
    if (!time(24, seconds)) return false;
    seconds = -seconds;
    return true;
}

MILLRACE_INLINE bool posix_tz_parser::date_and_time(yearly_time& at) {
    using enum yearly_time::kinds;
    if (take('M')) {
        at.kind = weekday_of_month;
        if (!number(1, 12, at.month) || !take('.') || !number(1, 5, at.week) || !take('.') ||
            !number(0, 6, at.day))
            return false;
    } else if (take('J')) {
        at.kind = day_without_leap_days;
        if (!number(1, 365, at.day)) return false;
    } else if (!number(0, 365, at.day)) {
        return false;
    }
    return !take('/') || time(167, at.time);
}

}  // namespace millrace::detail
