#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::detail {

/// A day of each year and a time on it at which clocks change, as `M3.5.0/2`.
struct yearly_time {
    enum class kinds { weekday_of_month, day_without_leap_days, day_of_year };

    kinds kind = kinds::day_of_year;
    int month = 0, week = 0;
    int day =
        0;  ///< of the week from Sunday, or of the year: from 1 without leap days, else from 0
    std::int32_t time = 7'200;

    /// In local seconds since 1970.
    [[nodiscard]] std::int64_t in(int year) const {
        return std::int64_t{date_in(std::chrono::year{year}).time_since_epoch().count()} * 86'400 +
               time;
    }

private:
    [[nodiscard]] std::chrono::local_days date_in(std::chrono::year year) const {
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
};

/// What a zone's clocks do each year, as `CET-1CEST,M3.5.0,M10.5.0/3`: the TZ string of POSIX, with
/// times of -167 to 167 hours (RFC 9636, section 3.3.1). Offsets are seconds ahead of UTC.
struct posix_tz {
    struct daylight_time {
        std::int32_t offset = 0;
        yearly_time start, end;
    };
    std::int32_t offset = 0;
    std::optional<daylight_time> daylight;
};

class posix_tz_parser {
public:
    /// Empty for anything else.
    [[nodiscard]] static std::optional<posix_tz> parse(std::string_view text) {
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

private:
    explicit posix_tz_parser(std::string_view text) : rest_{text} {}

    [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c) {
        if (!next_is(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool name() {
        constexpr std::string_view letters =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
        const bool is_quoted = take('<');
        const auto end = rest_.find_first_not_of(letters.substr(0, is_quoted ? 64 : 52));
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(found.size());
        return found.size() >= 3 && (!is_quoted || take('>'));
    }

    bool number(int low, int high, int& value) {
        std::size_t digits = 0;
        for (value = 0; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9';)
            if ((value = value * 10 + (rest_[digits++] - '0')) > high) return false;
        rest_.remove_prefix(digits);
        return digits > 0 && value >= low;
    }

    /// hh[:mm[:ss]] with or without a sign.
    bool time(int longest_hours, std::int32_t& seconds) {
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

    /// POSIX counts what is west of Greenwich.
    bool ahead_of_utc(std::int32_t& seconds) {
        if (!time(24, seconds)) return false;
        seconds = -seconds;
        return true;
    }

    bool date_and_time(yearly_time& at) {
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

    std::string_view rest_;
};

}  // namespace millrace::detail
