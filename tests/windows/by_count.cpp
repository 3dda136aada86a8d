#include <millrace/windows/by_count.hpp>

#include <stdexcept>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("windows by count refuse sizes that mean nothing, and too many panes") {
    CHECK_THROWS_AS(tumbling_count{0}, std::invalid_argument);
    CHECK_THROWS_AS((sliding_count{0, 1}), std::invalid_argument);
    CHECK_THROWS_AS((sliding_count{100'001, 1}), std::invalid_argument);
    CHECK_THROWS_AS((sliding_count{1'000'001, 9}), std::invalid_argument);
    CHECK_THROWS_WITH((window(tumbling_count{1}, max_keys{0})), "window: max_keys must not be 0");
    CHECK_THROWS_WITH((sliding_count{1, 0}), "sliding_count: slide must not be 0");
    CHECK(sliding_count{100'000, 1}.pane() == 1);
    CHECK(sliding_count{1'000'000, 10}.pane() == 10);
    CHECK(sliding_count{12, 18}.pane() == 6);
}

TEST_CASE("options of windows by count come in any order") {
    const auto both = window(tumbling_count{3}, flush_at_finish, max_keys{7});
    CHECK(both.window.size() == 3);
    CHECK(both.key_limit == 7);
    CHECK(both.flushes_at_finish);
    const auto none = window(sliding_count{6, 4});
    CHECK(none.window.slide() == 4);
    CHECK(none.key_limit == max_keys{}.value);
    CHECK_FALSE(none.flushes_at_finish);
}
