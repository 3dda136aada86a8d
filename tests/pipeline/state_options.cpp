#include <millrace/pipeline/state_options.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("limits and times of nothing are refused") {
    state_settings settings;
    const std::string stage = "process_with_state: ";
    CHECK_THROWS_WITH(settings.set(max_keys{0}), stage + "max_keys must not be 0");
    CHECK_THROWS_WITH(settings.set(max_timers{0}), stage + "max_timers must not be 0");
    CHECK_THROWS_WITH(settings.set(time_to_live{0ns}), stage + "time_to_live must be positive");
    CHECK_THROWS_WITH(settings.set(time_to_live{-1s}), stage + "time_to_live must be positive");
}

TEST_CASE("by default a state stays, and a further key is refused") {
    const state_settings settings;
    CHECK(settings.kept_for == duration::max());
    CHECK_FALSE(settings.evicts);
    CHECK(settings.key_limit == 1'000'000);
    CHECK(settings.timer_limit == 1'000);
}
