#include <millrace/windows/calendar_size.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono;

namespace {

constexpr local_days on(int y, int m, int d) { return local_days{year{y} / m / d}; }

}  // namespace

TEST_CASE("days are counted from 1970-01-01") {
    STATIC_REQUIRE(calendar_size{days{1}}.start_of(on(2026, 3, 8)) == on(2026, 3, 8));
    STATIC_REQUIRE(calendar_size{days{10}}.start_of(on(1970, 1, 10)) == on(1970, 1, 1));
    STATIC_REQUIRE(calendar_size{days{10}}.start_of(on(1970, 1, 11)) == on(1970, 1, 11));
    STATIC_REQUIRE(calendar_size{days{10}}.start_of(on(1969, 12, 31)) == on(1969, 12, 22));
    STATIC_REQUIRE(calendar_size{days{7}}.start_of(on(1970, 1, 7)) == on(1970, 1, 1));
    STATIC_REQUIRE(calendar_size{days{10}}.next(on(1969, 12, 22)) == on(1970, 1, 1));
}

TEST_CASE("weeks begin on Mondays and are counted from 1969-12-29") {
    STATIC_REQUIRE(calendar_size{weeks{1}}.start_of(on(2026, 11, 29)) == on(2026, 11, 23));
    STATIC_REQUIRE(calendar_size{weeks{1}}.start_of(on(2026, 11, 30)) == on(2026, 11, 30));
    STATIC_REQUIRE(calendar_size{weeks{2}}.start_of(on(1970, 1, 11)) == on(1969, 12, 29));
    STATIC_REQUIRE(calendar_size{weeks{2}}.start_of(on(1969, 12, 28)) == on(1969, 12, 15));
    STATIC_REQUIRE(calendar_size{weeks{2}}.next(on(1969, 12, 29)) == on(1970, 1, 12));
}

TEST_CASE("months and years are counted from 1970") {
    STATIC_REQUIRE(calendar_size{months{1}}.start_of(on(2024, 2, 29)) == on(2024, 2, 1));
    STATIC_REQUIRE(calendar_size{months{1}}.next(on(2024, 2, 1)) == on(2024, 3, 1));
    STATIC_REQUIRE(calendar_size{months{3}}.start_of(on(2026, 12, 31)) == on(2026, 10, 1));
    STATIC_REQUIRE(calendar_size{months{3}}.next(on(2026, 10, 1)) == on(2027, 1, 1));
    STATIC_REQUIRE(calendar_size{months{5}}.start_of(on(1969, 12, 31)) == on(1969, 8, 1));
    STATIC_REQUIRE(calendar_size{years{1}}.start_of(on(1677, 12, 31)) == on(1677, 1, 1));
    STATIC_REQUIRE(calendar_size{years{10}}.start_of(on(1969, 12, 31)) == on(1960, 1, 1));
    STATIC_REQUIRE(calendar_size{years{10}}.next(on(1960, 1, 1)) == on(1970, 1, 1));
}

TEST_CASE("a size as text") {
    CHECK(calendar_size{days{1}}.text() == "1 day");
    CHECK(calendar_size{days{14}}.text() == "14 days");
    CHECK(calendar_size{weeks{2}}.text() == "2 weeks");
    CHECK(calendar_size{months{1}}.text() == "1 month");
    CHECK(calendar_size{years{2}}.text() == "24 months");
}

TEST_CASE("only whole days and months have a calendar") {
    STATIC_REQUIRE(calendar_size::can_be<std::ratio<14 * 86'400>>);
    STATIC_REQUIRE(calendar_size::can_be<years::period>);
    STATIC_REQUIRE_FALSE(calendar_size::can_be<hours::period>);
    STATIC_REQUIRE_FALSE(calendar_size::can_be<std::ratio<36 * 3'600>>);
    STATIC_REQUIRE_FALSE(calendar_size::can_be<std::nano>);
    using fortnights = std::chrono::duration<int, std::ratio<14 * 86'400>>;
    STATIC_REQUIRE(calendar_size{fortnights{1}}.start_of(on(1970, 1, 11)) == on(1969, 12, 29));
}

TEST_CASE("a size that is not positive or longer than time is refused") {
    CHECK_THROWS_AS(calendar_size{days{0}}, std::invalid_argument);
    CHECK_THROWS_AS(calendar_size{months{-1}}, std::invalid_argument);
    CHECK_NOTHROW(calendar_size{years{292}});
    CHECK_THROWS_AS(calendar_size{years{293}}, std::invalid_argument);
    CHECK_THROWS_AS(calendar_size{days{INT64_MAX}}, std::invalid_argument);
}
