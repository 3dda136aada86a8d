#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>

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
    [[nodiscard]] std::int64_t in(int year) const;

private:
    [[nodiscard]] std::chrono::local_days date_in(std::chrono::year year) const;
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
    [[nodiscard]] static std::optional<posix_tz> parse(std::string_view text);

private:
    explicit posix_tz_parser(std::string_view text) : rest_{text} {}

    [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c);

    bool name();

    bool number(int low, int high, int& value);

    /// hh[:mm[:ss]] with or without a sign.
    bool time(int longest_hours, std::int32_t& seconds);

    /// POSIX counts what is west of Greenwich.
    bool ahead_of_utc(std::int32_t& seconds);

    bool date_and_time(yearly_time& at);

    std::string_view rest_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/core/detail/posix_tz.ipp>
#endif
