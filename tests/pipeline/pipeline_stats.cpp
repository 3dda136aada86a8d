#include <millrace/pipeline/pipeline_stats.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("every count of a pipeline") {
    auto running =
        start(from<trade>("t") | key_by(&trade::symbol) |
              window(tumbling{1s}, lateness{1s}, max_keys{2}, drop_late) | process<count>());
    CHECK(running.stats().watermark == timestamp::min());
    running.push({"A", 1, 1, at_ms(500)});
    running.push({"A", 1, 1, at_ms(1500)});  // closes the first second
    running.push({"A", 1, 1, at_ms(501)});   // corrects it
    running.push({"B", 1, 1, at_ms(1501)});
    running.push({"C", 1, 1, at_ms(1502)});  // a third key
    running.push({"A", 1, 1, at_ms(4500)});
    running.push({"A", 1, 1, at_ms(502)});  // too late
    const pipeline_stats stats = running.stats();
    CHECK(stats.events == 7);
    CHECK(stats.rejected == 0);
    CHECK(stats.corrected == 1);
    CHECK(stats.refused_keys == 1);
    CHECK(stats.late == 1);
    CHECK(stats.keys == 1);  // B's window is gone
    CHECK(stats.open_windows == 1);
    CHECK(stats.watermark == at_ms(4500));
}

TEST_CASE("the watermark before 1970, and without a stream processor") {
    const auto check = [](auto stages) {
        auto running = start(from<trade>("t", disorder{1s}) | stages, [](const auto&) {});
        CHECK(running.stats().watermark == timestamp::min());
        for (const int ms : {-5000, -4000, 2000}) {
            running.push({"A", 1, 1, at_ms(ms)});
            CHECK(running.stats().watermark == at_ms(ms - 1000));
        }
    };
    check(window(tumbling{1s}, drop_late) | process<count>());
    check(publish("all"));
    auto both = start(union_of(from<trade>("t"), from<trade>("u")), [](const auto&) {});
    auto [t, u] = both.sources();
    t.push({"A", 1, 1, at_ms(5)});
    CHECK(both.stats().watermark == timestamp::min());
    u.push({"A", 1, 1, at_ms(3)});
    CHECK(both.stats().watermark == at_ms(3));
}
