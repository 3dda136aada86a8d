#include <millrace/core/timestamp.hpp>

#include <cstdio>
#include <random>
#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono;

namespace {

/// A calendar by counting, from the rules of the Gregorian calendar alone.
struct civil {
    int year, month, day, hour, minute, second;

    static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
    static int days_in(int year, int month) {
        static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
    }

    std::int64_t seconds_since_epoch() const {
        std::int64_t days = 0;
        for (int y = 1970; y < year; ++y) days += is_leap(y) ? 366 : 365;
        for (int y = year; y < 1970; ++y) days -= is_leap(y) ? 366 : 365;
        for (int m = 1; m < month; ++m) days += days_in(year, m);
        days += day - 1;
        return ((days * 24 + hour) * 60 + minute) * 60 + second;
    }

    std::string text() const {
        char out[64];
        std::snprintf(out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour,
                      minute, second);
        return out;
    }
};

std::string written(timestamp time) {
    std::string out = ">";
    append_rfc3339(out, time);
    return out.substr(1);
}

timestamp at(std::int64_t whole, std::int64_t fraction = 0) {
    return timestamp{seconds{whole} + nanoseconds{fraction}};
}

}  // namespace

TEST_CASE("parse_rfc3339 and append_rfc3339 agree with a calendar by counting") {
    const unsigned seed = 3339;
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto between = [&](int low, int high) {
        return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
    };
    for (int round = 0; round < 20'000; ++round) {
        civil date{};
        date.year = between(1678, 2261);
        date.month = between(1, 12);
        date.day = between(1, civil::days_in(date.year, date.month));
        if (round % 4 == 0) date.day = civil::days_in(date.year, date.month);
        date.hour = between(0, 23);
        date.minute = between(0, 59);
        date.second = between(0, 59);
        const std::int64_t whole = date.seconds_since_epoch();
        REQUIRE(parse_rfc3339(date.text() + "Z") == at(whole));
        REQUIRE(written(at(whole)) == date.text() + "Z");

        const int offset = between(-23 * 60 - 59, 23 * 60 + 59);
        char zone[16];
        std::snprintf(zone, sizeof zone, "%c%02d:%02d", offset < 0 ? '-' : '+',
                      std::abs(offset) / 60, std::abs(offset) % 60);
        REQUIRE(parse_rfc3339(date.text() + zone) == at(whole - offset * 60));

        const int fraction = between(1, 999'999'999);
        char digits[16];
        std::snprintf(digits, sizeof digits, ".%09d", fraction);
        REQUIRE(parse_rfc3339(date.text() + digits + "Z") == at(whole, fraction));
        REQUIRE(parse_rfc3339(written(at(whole, fraction))) == at(whole, fraction));
    }
}

TEST_CASE("parse_rfc3339 reads the examples of RFC 3339, section 5.8") {
    const std::int64_t a = civil{1985, 4, 12, 23, 20, 50}.seconds_since_epoch();
    CHECK(parse_rfc3339("1985-04-12T23:20:50.52Z") == at(a, 520'000'000));
    const std::int64_t b = civil{1996, 12, 20, 0, 39, 57}.seconds_since_epoch();
    CHECK(parse_rfc3339("1996-12-19T16:39:57-08:00") == at(b));
    CHECK(parse_rfc3339("1996-12-20T00:39:57Z") == at(b));
    const std::int64_t leap = civil{1991, 1, 1, 0, 0, 0}.seconds_since_epoch();
    CHECK(parse_rfc3339("1990-12-31T23:59:60Z") == at(leap));
    CHECK(parse_rfc3339("1990-12-31T15:59:60-08:00") == at(leap));
    const std::int64_t c = civil{1937, 1, 1, 11, 40, 27}.seconds_since_epoch();
    CHECK(parse_rfc3339("1937-01-01T12:00:27.87+00:20") == at(c, 870'000'000));
}

TEST_CASE("parse_rfc3339 takes what the RFC lets a writer choose") {
    const timestamp expected = at(5, 250'000'000);
    CHECK(parse_rfc3339("1970-01-01t00:00:05.25z") == expected);
    CHECK(parse_rfc3339("1970-01-01 00:00:05.25Z") == expected);
    CHECK(parse_rfc3339("1970-01-01T00:00:05.25-00:00") == expected);
    CHECK(parse_rfc3339("1970-01-01T00:00:05.2500000009999Z") == expected);
    CHECK(parse_rfc3339("2000-02-29T00:00:00Z").has_value());
}

TEST_CASE("parse_rfc3339 refuses everything else") {
    for (const char* text : {"",
                             "1970",
                             "1970-01-01",
                             "1970-01-01T00:00:00",
                             "1970-01-01T00:00Z",
                             "1970-01-01T00:00:00.Z",
                             "1970-01-01T00:00:00,5Z",
                             "1970-01-01T00:00:00ZZ",
                             "1970-01-01T00:00:00Z ",
                             " 1970-01-01T00:00:00Z",
                             "1970-00-01T00:00:00Z",
                             "1970-13-01T00:00:00Z",
                             "1970-01-00T00:00:00Z",
                             "1970-01-32T00:00:00Z",
                             "1970-04-31T00:00:00Z",
                             "2001-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "1970-01-01T24:00:00Z",
                             "1970-01-01T00:60:00Z",
                             "1970-01-01T00:00:61Z",
                             "1970-01-01T00:00:00+24:00",
                             "1970-01-01T00:00:00+00:60",
                             "1970-01-01T00:00:00+0000",
                             "1970-01-01T00:00:00+00",
                             "1970-01-01T00:00:00+00:0",
                             "1970/01/01T00:00:00Z",
                             "1970-01-01X00:00:00Z",
                             "1970-01-01T00-00-00Z",
                             "70-01-01T00:00:00Z",
                             "+1970-01-01T00:00:00Z",
                             "1970-1-1T00:00:00Z",
                             "197O-01-01T00:00:00Z",
                             "1970-01-01T00:00:0xZ",
                             "1970-01-01T00:00:00.5",
                             "1970-01-01T-1:00:00Z",
                             "now"}) {
        INFO(text);
        CHECK(parse_rfc3339(text) == std::nullopt);
    }
}

TEST_CASE("times to the very ends of the range are written and read back") {
    CHECK(written(timestamp::max()) == "2262-04-11T23:47:16.854775807Z");
    CHECK(written(timestamp::min()) == "1677-09-21T00:12:43.145224192Z");
    CHECK(parse_rfc3339("2262-04-11T23:47:16.854775807Z") == timestamp::max());
    CHECK(parse_rfc3339("1677-09-21T00:12:43.145224192Z") == timestamp::min());
    CHECK(parse_rfc3339("2262-04-11T23:47:16.854775808Z") == std::nullopt);
    CHECK(parse_rfc3339("2262-04-11T23:47:17Z") == std::nullopt);
    CHECK(parse_rfc3339("1677-09-21T00:12:43.145224191Z") == std::nullopt);
    CHECK(parse_rfc3339("1677-09-21T00:12:43Z") == std::nullopt);
    CHECK(parse_rfc3339("0000-01-01T00:00:00Z") == std::nullopt);
    CHECK(parse_rfc3339("9999-12-31T23:59:59Z") == std::nullopt);

    std::mt19937_64 random{1};
    for (int round = 0; round < 20'000; ++round) {
        const timestamp time{nanoseconds{static_cast<std::int64_t>(random())}};
        REQUIRE(parse_rfc3339(written(time)) == time);
    }
}

TEST_CASE("append_rfc3339 writes no more digits of the fraction than it needs, in threes") {
    CHECK(written(at(0)) == "1970-01-01T00:00:00Z");
    CHECK(written(at(0, 120'000'000)) == "1970-01-01T00:00:00.120Z");
    CHECK(written(at(0, 120'000)) == "1970-01-01T00:00:00.000120Z");
    CHECK(written(at(0, 12)) == "1970-01-01T00:00:00.000000012Z");
    CHECK(written(at(0, -1)) == "1969-12-31T23:59:59.999999999Z");
}

TEST_CASE("timestamp_from reads a count in its unit, and refuses what nanoseconds cannot hold") {
    CHECK(timestamp_from(2, time_format::seconds) == at(2));
    CHECK(timestamp_from(2, time_format::milliseconds) == at(0, 2'000'000));
    CHECK(timestamp_from(2, time_format::rfc3339) == at(0, 2'000'000));
    CHECK(timestamp_from(2, time_format::microseconds) == at(0, 2'000));
    CHECK(timestamp_from(INT64_MIN, time_format::nanoseconds) == timestamp::min());
    CHECK(timestamp_from(9'223'372'036, time_format::seconds) == at(9'223'372'036));
    CHECK(timestamp_from(9'223'372'037, time_format::seconds) == std::nullopt);
    CHECK(timestamp_from(-9'223'372'036, time_format::seconds) == at(-9'223'372'036));
    CHECK(timestamp_from(-9'223'372'037, time_format::seconds) == std::nullopt);
}

TEST_CASE("count_of rounds towards the past") {
    CHECK(count_of(at(2, 999'999'999), time_format::seconds) == 2);
    CHECK(count_of(at(-2, 1), time_format::seconds) == -2);
    CHECK(count_of(at(-2, -1), time_format::seconds) == -3);
    CHECK(count_of(at(-2), time_format::seconds) == -2);
    CHECK(count_of(timestamp::min(), time_format::nanoseconds) == INT64_MIN);
    for (const auto format : {time_format::rfc3339, time_format::seconds, time_format::milliseconds,
                              time_format::microseconds, time_format::nanoseconds}) {
        CHECK(count_of(*timestamp_from(-12'345, format), format) == -12'345);
    }
}
