#include <millrace/pipeline/detail/sources/watermark_state.hpp>

#include <algorithm>
#include <random>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("the watermark stays behind the latest time, and takes steps where they are limited") {
    source_time settings;
    settings.set(disorder{10ms});
    settings.set(max_step{1s});
    detail::watermark_state state;
    CHECK(state.observe(at_ms(100), settings));
    CHECK(state.watermark == at_ms(90));
    CHECK_FALSE(state.observe(at_ms(99), settings));
    CHECK_FALSE(state.observe(at_ms(100), settings));
    CHECK(state.observe(at_ms(5000), settings));
    CHECK(state.watermark == at_ms(1090));
}

TEST_CASE("at the ends of time nothing overflows") {
    source_time settings;
    settings.set(disorder{10ms});
    detail::watermark_state state;
    CHECK_FALSE(state.observe(timestamp::min(), settings));
    CHECK_FALSE(state.observe(timestamp::min() + 1ms, settings));
    CHECK(state.observe(timestamp::max(), settings));
    CHECK(state.watermark == timestamp::max() - 10ms);
}

TEST_CASE("with any settings, and times up to both ends, the watermark is what wide numbers give") {
    __extension__ using wide = __int128;
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto count_of = [](timestamp time) { return wide{time.time_since_epoch().count()}; };
    const wide least = count_of(timestamp::min()), most = count_of(timestamp::max());
    for (int round = 0; round < 200; ++round) {
        source_time settings;
        const wide behind = round % 2 == 0 ? 0 : static_cast<wide>(random() >> (1 + random() % 63));
        settings.set(disorder{duration{static_cast<std::int64_t>(behind)}});
        wide step = most;
        if (round % 3 != 0) {
            step = static_cast<wide>(random() >> (1 + random() % 62)) + 1;
            if (step > most) step = most;
            settings.set(max_step{duration{static_cast<std::int64_t>(step)}});
        }
        detail::watermark_state state;
        wide expected = least;
        for (int i = 0; i < 20; ++i) {
            auto time = static_cast<std::int64_t>(random()) >> (random() % 8);
            if (i == 18) time = static_cast<std::int64_t>(most);
            wide to = wide{time} - behind;
            if (step != most && expected != least) to = std::min(to, expected + step);
            to = std::min(to, most - 1);
            const bool rises = to > expected;
            expected = std::max(expected, to);
            REQUIRE(state.observe(timestamp{duration{time}}, settings) == rises);
            REQUIRE(count_of(state.watermark) == expected);
        }
    }
}
