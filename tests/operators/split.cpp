#include <millrace/operators/split.hpp>

#include <random>
#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

constexpr auto is_large = [](const trade& t) { return t.size > 2; };

}  // namespace

TEST_CASE("an event goes to one of two branches, and time to both") {
    strings out;
    const auto counts = [](const char* topic) {
        return window(tumbling{10ms}, drop_late) | process<millrace::count>() | publish(topic);
    };
    auto running =
        start(from<trade>("t", any_time) | split(is_large, publish("large"), counts("small")),
              [&](std::string_view topic, const auto& one) {
                  if constexpr (requires { one.size; }) {
                      out.push_back(std::string{topic} + " " + std::to_string(int(one.size)));
                  } else {
                      out.push_back(std::string{topic} + " " + std::to_string(at<"count">(one)));
                  }
              });
    for (const int size : {1, 5, 2, 1})
        running.push({"a", 1, static_cast<double>(size), at_ms(size)});
    running.push({"a", 1, 9, at_ms(12)});
    CHECK(out == strings{"large 5", "large 9", "small 3"});
    const auto stages = running.stages();
    REQUIRE(stages.size() == 6);
    CHECK(stages[1].name == "2_split");
    CHECK(stages[1].events_in == 5);
    CHECK(stages[1].events_out == 5);
    CHECK(stages[2].name == "3_publish");
    CHECK(stages[2].events_in == 2);
    CHECK(stages[3].name == "4_window");
    CHECK(stages[3].events_in == 3);
    CHECK(stages[3].watermark == at_ms(12));
}

TEST_CASE("corrections go to the branch of what they correct, or move it to the other") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const auto many = [](const auto& row) { return at<"count">(row) % 3 == 0; };
        const auto few = [=](const auto& row) { return !many(row); };
        const auto note = [](strings& to) {
            return [&to](std::string_view topic, const auto& row) {
                to.push_back(std::string{topic} + row.key + " " + std::to_string(at<"count">(row)) +
                             " " + std::string{schema<change>.name_of(row.change)} + " " +
                             std::to_string(row.window.start.time_since_epoch().count()));
            };
        };
        const auto windows = [] {
            return from<trade>("t", any_time) | key_by(&trade::symbol) |
                   window(tumbling{10ms}, lateness{50ms}, drop_late) | process<millrace::count>();
        };
        strings split_rows, filtered;
        auto one =
            start(windows() | split(many, publish("many "), publish("few ")), note(split_rows));
        auto two =
            start(windows() | tee(filter(many) | publish("many "), filter(few) | publish("few ")),
                  note(filtered));
        long long now = 0;
        for (int i = 0; i < 200; ++i) {
            now += static_cast<long long>(random() % 4);
            const std::string key(1, static_cast<char>('a' + random() % 2));
            const trade event{key, 1, 1, at_ms(now - static_cast<long long>(random() % 40))};
            one.push(event);
            two.push(event);
        }
        CHECK_FALSE(one.finish());
        CHECK_FALSE(two.finish());
        const auto of = [](const strings& all, const std::string& topic) {
            strings rows;
            for (const auto& row : all)
                if (row.starts_with(topic)) rows.push_back(row);
            return rows;
        };
        for (const char* topic : {"many ", "few "})
            REQUIRE(of(split_rows, topic) == of(filtered, topic));
    }
}

TEST_CASE("a split shows its branches") {
    const auto all =
        describe(from<trade>("t") | split(is_large, publish("large"), key_by(&trade::symbol)));
    REQUIRE(all.stages.size() == 4);
    CHECK(all.stages[1].id == "2_split");
    CHECK(all.edges.size() == 3);
}
