#include <millrace/core/detail/posix_tz.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

posix_tz parsed(std::string_view text) {
    INFO(text);
    const auto rule = posix_tz_parser::parse(text);
    REQUIRE(rule);
    return *rule;
}

/// Local time as "2026-03-29 02:00:00", the day before as hours below 0.
std::string start_in(int year, std::string_view rule) {
    using namespace std::chrono;
    const auto at = parsed("AAA0BBB," + std::string{rule} + ",J1").daylight->start.in(year);
    const auto day = floor<days>(local_seconds{seconds{at}});
    const year_month_day date{day};
    const auto hours = (at - day.time_since_epoch().count() * 86'400) / 3'600;
    return std::to_string(int{date.year()}) + "-" + std::to_string(unsigned{date.month()}) + "-" +
           std::to_string(unsigned{date.day()}) + " " + std::to_string(hours);
}

}  // namespace

TEST_CASE("offsets count what is west, and daylight saving time is an hour ahead") {
    CHECK(parsed("UTC0").offset == 0);
    CHECK_FALSE(parsed("UTC0").daylight);
    CHECK(parsed("<+0530>-5:30").offset == 19'800);
    CHECK(parsed("AAA+24:59:59").offset == -89'999);
    const auto berlin = parsed("CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(berlin.offset == 3'600);
    REQUIRE(berlin.daylight);
    CHECK(berlin.daylight->offset == 7'200);
    CHECK(parsed("IST-1GMT0,M10.5.0,M3.5.0/1").daylight->offset == 0);
    CHECK(parsed("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").daylight->offset == 39'600);
}

TEST_CASE("the days of RFC 9636's rules") {
    CHECK(start_in(2026, "M3.5.0") == "2026-3-29 2");
    CHECK(start_in(2026, "M3.2.0/0") == "2026-3-8 0");
    CHECK(start_in(2026, "M2.5.6") == "2026-2-28 2");
    CHECK(start_in(2026, "M3.4.4/50") == "2026-3-28 2");
    CHECK(start_in(2026, "M3.5.0/-1") == "2026-3-28 23");
    CHECK(start_in(2026, "M3.5.0/-167") == "2026-3-22 1");
    CHECK(start_in(2026, "M3.5.0/167") == "2026-4-4 23");
    CHECK(start_in(2024, "J59") == "2024-2-28 2");
    CHECK(start_in(2024, "J60") == "2024-3-1 2");
    CHECK(start_in(2026, "J60") == "2026-3-1 2");
    CHECK(start_in(2024, "J365/23") == "2024-12-31 23");
    CHECK(start_in(2024, "59") == "2024-2-29 2");
    CHECK(start_in(2026, "59") == "2026-3-1 2");
    CHECK(start_in(2026, "365") == "2027-1-1 2");
}

TEST_CASE("what is no TZ string is refused") {
    for (const char* wrong : {"",
                              "A",
                              "AB0",
                              "UTC",
                              "UTC25",
                              "UTC0:60",
                              "UTC0:",
                              "<UTC0",
                              "<UT>0",
                              "UTC99999999999999",
                              "CET-1CEST",
                              "CET-1CEST,M3.5.0",
                              "CET-1CEST,M3.5.0,",
                              "CET-1CEST,M0.5.0,M10.5.0",
                              "CET-1CEST,M13.5.0,M10.5.0",
                              "CET-1CEST,M3.6.0,M10.5.0",
                              "CET-1CEST,M3.0.0,M10.5.0",
                              "CET-1CEST,M3.5.7,M10.5.0",
                              "CET-1CEST,M3.5,M10.5.0",
                              "CET-1CEST,J0,J1",
                              "CET-1CEST,J366,J1",
                              "CET-1CEST,366,1",
                              "CET-1CEST,M3.5.0/168,M10.5.0",
                              "CET-1CEST,M3.5.0,M10.5.0/3x",
                              "CET-1CEST,M3.5.0,M10.5.0 ",
                              ":Europe/Berlin"}) {
        INFO(wrong);
        CHECK_FALSE(posix_tz_parser::parse(wrong));
    }
}
