#include <millrace/windows/tumbling.hpp>

#include <random>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a window holds its start and not its end") {
    const tumbling second{1s};
    CHECK(second.assign(at_ms(0)) == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(second.assign(at_ms(999)) == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(second.assign(at_ms(1000)) == window_bounds{at_ms(1000), at_ms(2000)});
}

TEST_CASE("windows before the epoch have no gap at it") {
    const tumbling second{1s};
    CHECK(second.assign(at_ms(-1)) == window_bounds{at_ms(-1000), at_ms(0)});
    CHECK(second.assign(at_ms(-1000)) == window_bounds{at_ms(-1000), at_ms(0)});
    CHECK(second.assign(at_ms(-1001)) == window_bounds{at_ms(-2000), at_ms(-1000)});
}

TEST_CASE("an hour begins on the hour") {
    const auto bounds = tumbling{1h}.assign(*parse_rfc3339("2015-08-31T18:22:00Z"));
    CHECK(bounds.start == *parse_rfc3339("2015-08-31T18:00:00Z"));
    CHECK(bounds.end == *parse_rfc3339("2015-08-31T19:00:00Z"));
}

TEST_CASE("every time is in exactly the window that it is assigned") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20'000; ++i) {
        const duration size{1 + static_cast<std::int64_t>(random() % 1'000'000'007)};
        const duration offset{static_cast<std::int64_t>(random() % 4'000'000'000) - 2'000'000'000};
        const timestamp time{duration{static_cast<std::int64_t>(random()) / 4}};
        const auto [start, end] = tumbling{size, offset}.assign(time);
        REQUIRE(start <= time);
        REQUIRE(time < end);
        REQUIRE(end - start == size);
        // Aligned: start - offset is a multiple of the size.
        REQUIRE((start.time_since_epoch() - offset).count() % size.count() == 0);
    }
}

TEST_CASE("the ends of time do not overflow") {
    const tumbling day{24h, 3h};
    CHECK(day.assign(timestamp::max()).end == timestamp::max());
    CHECK(day.assign(timestamp::min()).start == timestamp::min());
}

TEST_CASE("a size that is not positive is refused") {
    CHECK_THROWS_AS(tumbling{0s}, std::invalid_argument);
    CHECK_THROWS_AS(tumbling{-1s}, std::invalid_argument);
}
