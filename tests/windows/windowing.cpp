#include <millrace/windows/windowing.hpp>

#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("options come in any order and default to the strict ones") {
    const auto plain = window(tumbling{10s}, drop_late);
    CHECK(plain.out_of_order == 0s);
    CHECK(plain.allowed_lateness == 0s);
    CHECK(plain.idle_after == 10s);
    STATIC_REQUIRE_FALSE(decltype(plain)::is_per_key);

    const auto all = window(tumbling{10s}, max_keys{5}, drop_late, lateness{2s}, per_key,
                            idle_timeout{1min}, disorder{3s});
    CHECK(all.out_of_order == 3s);
    CHECK(all.allowed_lateness == 2s);
    CHECK(all.idle_after == 1min);
    CHECK(all.key_limit == 5);
    STATIC_REQUIRE(decltype(all)::is_per_key);
}

TEST_CASE("late events go to a topic or a function") {
    CHECK(window(tumbling{1s}, late_to("late")).late.topic == "late");
    int calls = 0;
    auto to_function = window(tumbling{1s}, late_to([&](int) { ++calls; }));
    to_function.late.function(1);
    CHECK(calls == 1);
}

TEST_CASE("negative options are refused") {
    CHECK_THROWS_AS(window(tumbling{1s}, drop_late, lateness{-1s}), std::invalid_argument);
    CHECK_THROWS_AS(window(tumbling{1s}, drop_late, disorder{-1s}), std::invalid_argument);
    CHECK_THROWS_AS(window(tumbling{1s}, drop_late, idle_timeout{0s}), std::invalid_argument);
}
