#include <millrace/windows/sliding.hpp>

#include <random>
#include <vector>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// The starts of the windows that hold the time, in milliseconds.
std::vector<long long> starts(const sliding& windows, timestamp time) {
    std::vector<long long> all;
    const timestamp pane = windows.pane_of(time);
    for (timestamp end = windows.first_end(pane); end <= windows.last_end(pane);
         end += windows.slide())
        all.push_back((end - windows.size()).time_since_epoch() / 1ms);
    return all;
}

}  // namespace

TEST_CASE("the golden cases of what sliding windows hold") {
    using list = std::vector<long long>;
    const sliding ten{10ms, 4ms};
    CHECK(ten.pane() == 2ms);
    CHECK(starts(ten, at_ms(9)) == list{0, 4, 8});
    CHECK(starts(ten, at_ms(11)) == list{4, 8});
    CHECK(starts(ten, at_ms(-1)) == list{-8, -4});
    const sliding holes{3ms, 5ms};
    CHECK(starts(holes, at_ms(2)) == list{0});
    CHECK(starts(holes, at_ms(3)).empty());
    CHECK(starts(holes, at_ms(4)).empty());
    CHECK(starts(holes, at_ms(5)) == list{5});
    CHECK(starts(sliding{10ms, 5ms, 3ms}, at_ms(0)) == list{-7, -2});
}

TEST_CASE("windows hold what lies between their bounds, and are aligned") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20'000; ++i) {
        const auto draw = [&](std::int64_t most) {
            return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
        };
        const duration unit{1 + draw(1'000'003)}, size = unit * (1 + draw(90)),
                                                  slide = unit * (1 + draw(90)),
                                                  offset{draw(4'000'000'000) - 2'000'000'000};
        const sliding windows{size, slide, offset};
        const timestamp time{duration{static_cast<std::int64_t>(random()) / 4}};
        const timestamp pane = windows.pane_of(time);
        REQUIRE(pane <= time);
        REQUIRE(time < pane + windows.pane());
        const timestamp first = windows.first_end(pane), last = windows.last_end(pane);
        for (const timestamp end : {first, last}) {
            REQUIRE((end - size - offset).time_since_epoch() % slide == 0ns);
            REQUIRE(windows.is_end(end));
            REQUIRE_FALSE((slide > 1ns && windows.is_end(end + 1ns)));
        }
        REQUIRE(time < first);
        REQUIRE(first - slide <= time);
        REQUIRE(last - size <= time);
        REQUIRE(time < last - size + slide);
        REQUIRE(windows.number_of(first + slide) - windows.number_of(first) <= 1);
    }
}

TEST_CASE("sizes and slides of no sense, or with too many panes, are refused") {
    CHECK_THROWS_AS((sliding{0s, 1s}), std::invalid_argument);
    CHECK_THROWS_AS((sliding{1s, 0s}), std::invalid_argument);
    CHECK_THROWS_AS((sliding{1s, -1s}), std::invalid_argument);
    CHECK_THROWS_AS((sliding{60s, 1ns}), std::invalid_argument);
    CHECK_THROWS_AS((sliding{60s, 7'000'001ns}), std::invalid_argument);
    CHECK_THROWS_AS((sliding{duration::max(), 1h}), std::invalid_argument);
    CHECK_NOTHROW(sliding{24h, 1s});
    CHECK_NOTHROW(sliding{24h * 10'000, 24h * 10'000, duration::min()});
}

TEST_CASE("near the ends of time it cannot be told which windows hold an event") {
    const sliding windows{24h * 10'000, 24h};
    for (const timestamp time : {timestamp::min(), timestamp::max()})
        CHECK_FALSE(windows.can_hold(time));
    CHECK(windows.can_hold(at_ms(0)));
}
