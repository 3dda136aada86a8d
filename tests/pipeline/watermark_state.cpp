#include <millrace/pipeline/watermark_state.hpp>

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
