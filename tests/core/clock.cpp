#include <millrace/core/clock.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct wrong_type {
    timestamp wall() const { return {}; }
    timestamp elapsed() const { return {}; }
};

}  // namespace

TEST_CASE("clock is what tells the wall's time and the time that passes") {
    STATIC_REQUIRE(millrace::clock<system_clock>);
    STATIC_REQUIRE(millrace::clock<manual_clock>);
    STATIC_REQUIRE_FALSE(millrace::clock<wrong_type>);
    STATIC_REQUIRE_FALSE(millrace::clock<int>);
}

TEST_CASE("system_clock tells the system's time") {
    const auto before = std::chrono::system_clock::now();
    const timestamp now = system_clock{}.wall();
    const auto after = std::chrono::system_clock::now();
    CHECK(now >= before);
    CHECK(now <= after);

    const auto begin = std::chrono::steady_clock::now().time_since_epoch();
    const auto elapsed = system_clock{}.elapsed();
    CHECK(elapsed >= begin);
    CHECK(elapsed <= std::chrono::steady_clock::now().time_since_epoch());
}

TEST_CASE("manual_clock moves only when told to, and only its wall can be set") {
    manual_clock time;
    CHECK(time.wall() == timestamp{});
    const auto begin = time.elapsed();
    time.set(timestamp{5s});
    CHECK(time.elapsed() == begin);
    time.advance(250ms);
    CHECK(time.wall() == timestamp{5250ms});
    CHECK(time.elapsed() == begin + 250ms);
    time.set(timestamp{1s});
    CHECK(time.wall() == timestamp{1s});
    CHECK(time.elapsed() == begin + 250ms);
    CHECK(manual_clock{timestamp{1s}}.wall() == timestamp{1s});
}

TEST_CASE("a view of a clock tells the clock's time") {
    millrace::manual_clock clock{millrace::timestamp{5s}};
    const millrace::clock_view view{clock};
    STATIC_REQUIRE(millrace::clock<millrace::clock_view<millrace::manual_clock>>);
    clock.advance(2s);
    CHECK(view.wall() == millrace::timestamp{7s});
    CHECK(view.elapsed() == 2s);
}
