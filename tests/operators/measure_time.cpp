#include <millrace/operators/measure_time.hpp>

#include <chrono>
#include <functional>
#include <vector>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/describe.hpp>

#include "../pipeline/fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

void spend(duration time) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < time) {
    }
}

auto takes(duration time) {
    return map([time](const auto& event) {
        spend(time);
        return event;
    });
}

}  // namespace

TEST_CASE("time is what a stage takes itself, without those behind it") {
    const auto begin = std::chrono::steady_clock::now();
    fed piped{from<trade>("t") | measure_time | takes(2ms) |
              tee(takes(3ms) | publish("a"), key_by(&trade::symbol) |
                                                 window(tumbling{1s}, drop_late) |
                                                 process<count>() | takes(5ms) | publish("b"))};
    for (int i = 0; i < 3; ++i) piped.push("A", 1000 * i);
    const duration all = std::chrono::steady_clock::now() - begin;
    const auto stages = piped.running.stages();
    std::vector<duration> spent;
    duration sum{};
    for (const auto& each : stages) {
        INFO(each.name);
        REQUIRE(each.time_spent.has_value() == (each.name != "1_from"));
        spent.push_back(each.time_spent.value_or(0s));
        REQUIRE(spent.back() >= 0s);
        sum += spent.back();
    }
    CHECK(spent[1] >= 6ms);
    CHECK(spent[3] >= 9ms);
    CHECK(stages[8].name == "9_map");
    CHECK(spent[8] >= 10ms);  // two windows have closed
    CHECK(sum <= all);
}

TEST_CASE("a branch may be measured alone, and an event at which it throws counts") {
    fed piped{from<trade>("t") |
              tee(takes(0s) | publish("a"), measure_time | map([](const trade& t) -> trade {
                                                spend(2ms);
                                                if (t.price > 0) throw 1;
                                                return t;
                                            }))};
    CHECK_THROWS(piped.push("A", 1));
    const auto stages = piped.running.stages();
    CHECK_FALSE(stages[1].time_spent);
    CHECK_FALSE(stages[2].time_spent);
    CHECK(stages[4].time_spent >= 2ms);
}

TEST_CASE("it changes neither what comes out nor what the pipeline is") {
    const auto with = [](auto... first) {
        return counts((from<trade>("t") | ... | first), tumbling{1s}, drop_late);
    };
    const auto is_large = filter([](const trade& t) { return t.size > 0; });
    CHECK(describe(with(is_large)).json() == describe(with(measure_time, is_large)).json());
    CHECK(describe(with(is_large)).json() == describe(with(is_large, measure_time)).json());
    fed plain{with(is_large)};
    fed timed{with(is_large, measure_time)};
    for (int i = 0; i < 5; ++i) {
        plain.push("A", 700 * i);
        timed.push("A", 700 * i);
    }
    plain.pass(30s);
    timed.pass(30s);
    plain.running.finish();
    timed.running.finish();
    CHECK(plain.take() == timed.take());
}
