#include <millrace/pipeline/detail/windows/window_base.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("windows count alike, whether keys share their time or each has its own") {
    const auto check = [](auto source) {
        fed keys{counts(source, tumbling{1s}, lateness{1s}, max_keys{1}, late_to("late"))};
        keys.push("a", 500);
        keys.push("a", 1500);
        keys.push("a", 600);   // corrects
        keys.push("a", 650);   // corrects again
        keys.push("b", 1700);  // one key too many
        keys.push("a", 2500);
        keys.push("a", 700);  // too late
        CHECK(keys.out == strings{"a 0 1 0 watermark open", "a 0 2 1 late open",
                                  "a 0 3 2 late open", "a 0 3 3 watermark",
                                  "a 1000 1 0 watermark open", "late a 700"});
        const pipeline_stats stats = keys.stats();
        CHECK(stats.late == 1);
        CHECK(stats.corrected == 2);
        CHECK(stats.refused_keys == 1);
        CHECK(stats.open_windows == 1);
        CHECK(stats.watermark == at_ms(2500));
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}
