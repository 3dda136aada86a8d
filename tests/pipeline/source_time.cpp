#include <millrace/pipeline/source_time.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a source's defaults of time, and what is refused") {
    source_time time;
    CHECK(time.out_of_order == 0s);
    CHECK(time.furthest_ahead == 1h);
    CHECK(time.skew == 1s);
    CHECK(time.step == duration::max());
    CHECK(time.idle_after == 10s);
    CHECK(time.is_bounded);
    time.set(any_time);
    CHECK_FALSE(time.is_bounded);
    CHECK_THROWS_WITH(time.set(disorder{-1ns}), "from: disorder must not be negative");
    CHECK_THROWS_WITH(time.set(max_ahead{-1ns}), "from: max_ahead must not be negative");
    CHECK_THROWS_WITH(time.set(max_skew{-1ns}), "from: max_skew must not be negative");
    CHECK_THROWS_WITH(time.set(max_step{0ns}), "from: max_step must be positive");
    CHECK_THROWS_WITH(time.set(idle_timeout{0ns}), "from: idle_timeout must be positive");
    CHECK_THROWS_WITH(time.set(max_keys{0}), "from: max_keys must not be 0");
}
