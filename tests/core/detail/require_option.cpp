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

TEST_CASE("the longest time can be added to the wall's and to the steady clock's time of today") {
    const std::chrono::nanoseconds longest = longest_time;
    const std::chrono::nanoseconds wall = std::chrono::system_clock::now().time_since_epoch();
    CHECK(longest < std::chrono::nanoseconds::max() - wall);
    CHECK(std::chrono::steady_clock::now() + longest > std::chrono::steady_clock::now());
}
