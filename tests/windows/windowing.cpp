#include <millrace/windows/windowing.hpp>

#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("options come in any order and default to the strict ones") {
    const auto plain = window(tumbling{10s}, drop_late);
    CHECK(plain.allowed_lateness == 0s);
    CHECK(plain.key_limit == 1'000'000);

    const auto all = window(tumbling{10s}, max_keys{5}, drop_late, lateness{2s}, max_windows{7});
    CHECK(all.allowed_lateness == 2s);
    CHECK(all.key_limit == 5);
    CHECK(all.window_limit == 7);
}

TEST_CASE("late events go to a topic or a function") {
    CHECK(window(tumbling{1s}, late_to("late")).late.topic == "late");
    int calls = 0;
    auto to_function = window(tumbling{1s}, late_to([&](int) { ++calls; }));
    to_function.late.function(1);
    CHECK(calls == 1);
}

TEST_CASE("options that mean nothing are refused by their names") {
    const auto with = [](auto option) { return window(tumbling{1s}, drop_late, option); };
    CHECK_THROWS_WITH(with(lateness{-1s}), "window: lateness must not be negative");
    CHECK_THROWS_WITH(with(max_keys{0}), "window: max_keys must not be 0");
    CHECK_THROWS_WITH(with(max_windows{0}), "window: max_windows must not be 0");
    CHECK_THROWS_WITH(tumbling{0s}, "tumbling: size must be positive and at most 292 years");
    CHECK_THROWS_WITH(events{0}, "events: count must not be 0");
    CHECK_THROWS_WITH(every{0s}, "every: interval must be positive");
}
