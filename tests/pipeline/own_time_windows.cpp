#include <millrace/pipeline/own_time_windows.hpp>

#include "catch.hpp"
#include "windows_fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class... Options>
auto fed(Options... options) {
    const auto windowing = window(tumbling{1s}, options..., per_key, drop_late);
    return windows_fed<detail::own_time_windows, std::remove_const_t<decltype(windowing)>>{
        windowing};
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a key that is far ahead makes nothing late for the others") {
    auto keys = fed();
    keys.push("ahead", 1'000'000'000);
    keys.push("a", 500);
    keys.push("a", 1500);
    CHECK(keys.out == strings{"a 0 1 0"});
    CHECK(keys.late == 0);
}

TEST_CASE("a key's time is remembered when its windows are gone") {
    auto keys = fed();
    keys.push("a", 500);
    keys.advance(1000);
    keys.push("a", 600);
    CHECK(keys.late == 1);
    CHECK(keys.out == strings{"a 0 1 0"});
    CHECK(keys.stats().keys == 1);
}

TEST_CASE("each key is idle by itself") {
    auto keys = fed(idle_timeout{3s});
    keys.tick(10'000);
    keys.push("a", 500);
    keys.tick(12'000);
    keys.push("b", 500);
    keys.tick(13'000);
    CHECK(keys.out == strings{"a 0 1 0"});
    keys.tick(15'000);
    CHECK(keys.out == strings{"a 0 1 0", "b 0 1 0"});
    CHECK(keys.triggers == std::vector{trigger::idle, trigger::idle});
}

TEST_CASE("a key's windows close in order, also at the end") {
    auto keys = fed(disorder{10s});
    keys.push("a", 2500);
    keys.push("a", 500);
    keys.push("a", 1500);
    keys.finish();
    CHECK(keys.out == strings{"a 0 1 0", "a 1000 1 0", "a 2000 1 0"});
    CHECK(keys.stats().open_windows == 0);
}
