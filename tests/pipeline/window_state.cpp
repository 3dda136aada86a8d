#include <millrace/pipeline/window_state.hpp>

#include <millrace/pipeline/own_time_windows.hpp>
#include <millrace/pipeline/shared_time_windows.hpp>

#include "catch.hpp"
#include "windows_fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <template <class, class, class> class Windows, class Windowing>
auto make(const Windowing& windowing) {
    return windows_fed<Windows, Windowing>{windowing};
}

}  // namespace

TEST_CASE("what both kinds of time count alike") {
    const auto check = [](auto keys) {
        keys.push("a", 500);
        keys.push("a", 1500);
        keys.push("a", 600);   // corrects
        keys.push("a", 650);   // corrects again
        keys.push("b", 1700);  // one key too many
        keys.push("a", 2500);
        keys.push("a", 700);  // too late
        CHECK(keys.out == std::vector<std::string>{"a 0 1 0", "a 0 2 1", "a 0 3 2", "a 1000 1 0"});
        const pipeline_stats stats = keys.stats();
        CHECK(stats.late == 1);
        CHECK(stats.corrected == 2);
        CHECK(stats.refused_keys == 1);
        CHECK(stats.open_windows == 1);
        CHECK(stats.watermark == at_ms(2500));
    };
    check(make<detail::shared_time_windows>(
        window(tumbling{1s}, lateness{1s}, max_keys{1}, drop_late)));
    check(make<detail::own_time_windows>(
        window(tumbling{1s}, lateness{1s}, max_keys{1}, per_key, drop_late)));
}

TEST_CASE("a lateness beyond the end of time does not overflow") {
    auto keys = make<detail::shared_time_windows>(
        window(tumbling{1s}, lateness{duration::max()}, drop_late));
    keys.push("a", 500);
    keys.push("a", 1'000'000);
    keys.push("a", 600);
    CHECK(keys.late == 0);
    CHECK(keys.out.back() == "a 0 2 1");
}
