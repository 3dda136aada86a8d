#include <millrace/pipeline/state_options.hpp>

#include <stdexcept>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("limits and times of nothing are refused") {
    state_settings settings;
    CHECK_THROWS_AS(settings.set(max_keys{0}), std::invalid_argument);
    CHECK_THROWS_AS(settings.set(max_timers{0}), std::invalid_argument);
    CHECK_THROWS_AS(settings.set(time_to_live{0ns}), std::invalid_argument);
    CHECK_THROWS_AS(settings.set(time_to_live{-1s}), std::invalid_argument);
}

TEST_CASE("by default a state stays, and a further key is refused") {
    const state_settings settings;
    CHECK(settings.kept_for == duration::max());
    CHECK_FALSE(settings.evicts);
    CHECK(settings.key_limit == 1'000'000);
    CHECK(settings.timer_limit == 1'000);
}
