#include <millrace/pipeline/window_slot.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

using slot = detail::window_slot<std::string, count>;

window_bounds second(int number) { return {at_ms(number * 1000), at_ms(number * 1000 + 1000)}; }

}  // namespace

TEST_CASE("the newest window is in place, the older ones ascend") {
    slot windows;
    CHECK_FALSE(windows.has_windows());
    for (const int number : {5, 2, 8, 3, 7}) windows.open(second(number));
    CHECK(windows.newest.bounds == second(8));
    REQUIRE(windows.older.size() == 4);
    for (std::size_t i = 1; i < windows.older.size(); ++i) {
        CHECK(windows.older[i - 1].bounds.start < windows.older[i].bounds.start);
    }
    CHECK(windows.find(second(3))->bounds == second(3));
    CHECK(windows.find_by_end(at_ms(9000)) == &windows.newest);
    CHECK(windows.find(second(4)) == nullptr);
    CHECK(windows.find_by_end(at_ms(5000)) == nullptr);
}

TEST_CASE("a window that is dropped is gone, and its place takes nothing") {
    slot windows;
    windows.open(second(1));
    windows.open(second(2));
    windows.drop(*windows.find(second(2)));
    CHECK(windows.find(second(2)) == nullptr);
    CHECK_FALSE(windows.newest.takes(at_ms(2500)));
    CHECK(windows.has_windows());
    windows.drop(*windows.find(second(1)));
    CHECK_FALSE(windows.has_windows());
    CHECK(windows.find_by_end(timestamp{}) == nullptr);
}

TEST_CASE("a window takes times from its start to before its end, until it has fired") {
    slot windows;
    auto& window = windows.open(second(1));
    CHECK_FALSE(window.takes(at_ms(999)));
    CHECK(window.takes(at_ms(1000)));
    CHECK(window.takes(at_ms(1999)));
    CHECK_FALSE(window.takes(at_ms(2000)));
    CHECK(window.is_open());
    window.is_fired = true;
    CHECK_FALSE(window.takes(at_ms(1500)));
    CHECK_FALSE(window.is_open());
}
