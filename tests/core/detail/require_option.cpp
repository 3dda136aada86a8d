#include <millrace/core/detail/require_option.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

#include "catch.hpp"

using namespace std::chrono_literals;
using millrace::detail::longest_time, millrace::detail::require_time;

TEST_CASE("a time is refused by its name when it is too short or too long for the clocks") {
    CHECK_NOTHROW(require_time("idle_timeout", 1ms));
    CHECK_NOTHROW(require_time("idle_timeout", longest_time));
    CHECK_NOTHROW(require_time("idle_timeout", 0ms, 0ms));
    CHECK_THROWS_AS(require_time("idle_timeout", 0ms), std::invalid_argument);
    CHECK_THROWS_AS(require_time("idle_timeout", longest_time + 1ms), std::invalid_argument);
    CHECK_THROWS_AS(require_time("idle_timeout", std::chrono::milliseconds::max()),
                    std::invalid_argument);
    CHECK_THROWS_AS(require_time("idle_timeout", std::chrono::milliseconds::min()),
                    std::invalid_argument);
    try {
        require_time("idle_timeout", -1ms);
        FAIL("not refused");
    } catch (const std::invalid_argument& e) {
        CHECK(std::string{e.what()}.find("idle_timeout") != std::string::npos);
    }
}

TEST_CASE("a number or a time that must not be 0 is refused by its name and its owner's") {
    using namespace millrace::detail;
    STATIC_REQUIRE(require_positive("size", 1u, "window") == 1);
    STATIC_REQUIRE(require_not_negative("lateness", 0ms, "window") == 0ms);
    CHECK_THROWS_WITH(require_positive("max_keys", std::size_t{0}, "from"),
                      "from: max_keys must not be 0");
    CHECK_THROWS_WITH(require_positive("gap", 0ms, "session"), "session: gap must be positive");
    CHECK_THROWS_WITH(require_positive("gap", -1ms, "session"), "session: gap must be positive");
    CHECK_THROWS_WITH(require_not_negative("lateness", -1ms, "window"),
                      "window: lateness must not be negative");
    CHECK_THROWS_WITH(require_option(false, "loops must not be more than 1,024"),
                      "millrace: loops must not be more than 1,024");
    CHECK_THROWS_WITH(require_time("scan_timeout", -1ms, 0ms, "sqlite_storage"),
                      "sqlite_storage: scan_timeout must be from 0 ms to a hundred years");
    CHECK_THROWS_AS(require_positive("gap", 0ms, "session"), std::invalid_argument);
}

TEST_CASE("the longest time can be added to the wall's and to the steady clock's time of today") {
    const std::chrono::nanoseconds longest = longest_time;
    const std::chrono::nanoseconds wall = std::chrono::system_clock::now().time_since_epoch();
    CHECK(longest < std::chrono::nanoseconds::max() - wall);
    CHECK(std::chrono::steady_clock::now() + longest > std::chrono::steady_clock::now());
}
