#include <millrace/pipeline/shared_time_windows.hpp>

#include "catch.hpp"
#include "windows_fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class... Options>
auto fed(Options... options) {
    const auto windowing = window(tumbling{1s}, options..., drop_late);
    return windows_fed<detail::shared_time_windows, std::remove_const_t<decltype(windowing)>>{
        windowing};
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("windows close in the order of their ends, and of one end in that of their opening") {
    auto keys = fed(disorder{5s});
    keys.push("b", 1500);
    keys.push("a", 1600);
    keys.push("c", 500);
    keys.push("a", 700);
    keys.advance(2000);
    CHECK(keys.out == strings{"c 0 1 0", "a 0 1 0", "b 1000 1 0", "a 1000 1 0"});
}

TEST_CASE("state goes with the last window that can change") {
    auto keys = fed(lateness{1s});
    keys.push("a", 500);
    keys.push("b", 1500);  // closes a's window, which a late event may still correct
    CHECK(keys.stats().keys == 2);
    CHECK(keys.stats().open_windows == 1);
    keys.push("b", 2500);
    CHECK(keys.stats().keys == 1);
    keys.push("a", 600);
    CHECK(keys.late == 1);
}

TEST_CASE("a watermark that goes back changes nothing") {
    auto keys = fed();
    keys.push("a", 500);
    keys.advance(1000);
    keys.advance(0);
    CHECK(keys.windows.watermark() == at_ms(1000));
    CHECK(keys.out == strings{"a 0 1 0"});
}

TEST_CASE("idle closes every open window of the stream") {
    auto keys = fed(idle_timeout{3s});
    keys.tick(10'000);
    keys.push("a", 500);
    keys.push("b", 700);
    keys.tick(12'999);
    CHECK(keys.out.empty());
    keys.tick(13'000);
    CHECK(keys.out == strings{"a 0 1 0", "b 0 1 0"});
    CHECK(keys.triggers == std::vector{trigger::idle, trigger::idle});
}

TEST_CASE("a loaded state knows which windows wait for which end") {
    auto keys = fed(lateness{2s});
    keys.push("a", 500);
    keys.push("b", 1500);
    auto loaded = fed(lateness{2s});
    REQUIRE_FALSE(load(save(keys.windows), loaded.windows));
    loaded.push("a", 600);   // corrects the window that was closed before
    loaded.advance(2000);    // closes the one that was open
    loaded.advance(60'000);  // nothing is left
    CHECK(loaded.out == strings{"a 0 2 1", "b 1000 1 0"});
    CHECK(loaded.stats().keys == 0);
}
