#include <millrace/core/clock.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct wrong_type {
    int now() const { return 0; }
};

}  // namespace

TEST_CASE("clock is what has now()") {
    STATIC_REQUIRE(millrace::clock<system_clock>);
    STATIC_REQUIRE(millrace::clock<manual_clock>);
    STATIC_REQUIRE_FALSE(millrace::clock<wrong_type>);
    STATIC_REQUIRE_FALSE(millrace::clock<int>);
}

TEST_CASE("system_clock tells the system's time") {
    const auto before = std::chrono::system_clock::now();
    const timestamp now = system_clock{}.now();
    const auto after = std::chrono::system_clock::now();
    CHECK(now >= before);
    CHECK(now <= after);
}

TEST_CASE("manual_clock moves only when told to") {
    manual_clock time;
    CHECK(time.now() == timestamp{});
    time.set(timestamp{5s});
    time.advance(250ms);
    CHECK(time.now() == timestamp{5250ms});
    CHECK(time.now() == timestamp{5250ms});
    CHECK(manual_clock{timestamp{1s}}.now() == timestamp{1s});
}
