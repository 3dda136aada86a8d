#include <millrace/pipeline/stage_stats.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/measure_time.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/storage/memory.hpp>

#include "fed.hpp"
#include "naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::string counts_of(const std::vector<stage_stats>& all) {
    std::string text;
    for (const auto& each : all)
        text += each.name + " " + std::to_string(each.events_in) + " " +
                std::to_string(each.events_out) + "\n";
    return text;
}

const stage_stats& stage_called(const std::vector<stage_stats>& all, std::string_view name) {
    const auto found = std::ranges::find(all, name, &stage_stats::name);
    REQUIRE(found != all.end());
    return *found;
}

/// A stage of a user's own: two for each third event, none for the others.
struct thirds : stage {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}};
    }
    template <class Next>
    struct node : forwarding_node<Next> {
        int seen = 0;
        template <class Event>
        void push(const Event& event, event_stamp at) {
            if (++seen % 3 != 0) return;
            this->next.push(event, at);
            this->next.push(event, at);
        }
    };
};

}  // namespace

TEST_CASE("each stage says what came in and went on, as counted by hand on random streams") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 50; ++round) {
        const random_trades all{static_cast<unsigned>(random()), 400, 12, 300};
        const long long size = 100 + static_cast<long long>(random() % 200);
        const long long lateness_ms = round % 2 == 0 ? 0 : 150;
        const std::size_t key_limit = 1 + random() % 10;
        const auto is_cheap = [](const trade& t) { return t.price < 500; };
        fed piped{
            from<trade>("t", disorder{100ms}) |
            tee(filter(is_cheap) | map([](const trade& t) { return t; }) |
                    key_by(&trade::symbol, max_key_bytes{4}) |
                    window(tumbling{std::chrono::milliseconds{size}}, drop_late,
                           lateness{std::chrono::milliseconds{lateness_ms}}, max_keys{key_limit}) |
                    process<count>() | publish("counts"),
                thirds{} | flat_map([](const trade& t) { return std::vector(3, t); }) |
                    publish("all"))};

        std::uint64_t cheap = 0, long_keys = 0, late = 0, refused = 0;
        long long latest = 0;
        std::map<long long, std::set<std::string_view>> keys;
        for (const trade& each : all.events) {
            REQUIRE(piped.running.push(each) == errc{});
            const long long time = ms_of(each.time), start = time / size * size;
            latest = std::max(latest, time);
            if (!is_cheap(each)) continue;
            ++cheap;
            if (each.symbol.size() > 4) {
                ++long_keys;
            } else if (start + size + lateness_ms <= latest - 100) {
                ++late;
            } else if (keys[start].size() == key_limit && !keys[start].contains(each.symbol)) {
                ++refused;
            } else {
                keys[start].insert(each.symbol);
            }
        }
        piped.running.finish();
        std::uint64_t records = 0, copies = 0;
        for (const auto& row : piped.take()) ++(row.starts_with("all") ? copies : records);
        REQUIRE(copies == 798);

        const std::uint64_t keyed = cheap - long_keys, taken = keyed - late - refused;
        const auto stages = piped.running.stages();
        const auto n = [](std::uint64_t value) { return " " + std::to_string(value); };
        CHECK(counts_of(stages) ==
              "1_from 400 400\n2_tee 400 400\n3_filter 400" + n(cheap) + "\n4_map" + n(cheap) +
                  n(cheap) + "\n5_key_by" + n(cheap) + n(keyed) + "\n6_window" + n(keyed) +
                  n(taken) + "\n7_process" + n(taken) + n(records) + "\n8_publish" + n(records) +
                  n(records) + "\n9_thirds 400 266\n10_flat_map 266 798\n11_publish 798 798\n");
        CHECK(stage_called(stages, "5_key_by").refused == long_keys);
        CHECK(stage_called(stages, "6_window").late == late);
        CHECK(stage_called(stages, "6_window").refused == refused);
        CHECK(stage_called(stages, "7_process").late == 0);
        CHECK(stage_called(stages, "7_process").refused == 0);
    }
}

TEST_CASE("stages are called as the description calls them") {
    const auto by_price = [](auto next) { return filter([](const auto&) { return true; }) | next; };
    const auto described =
        from<trade>("t") | tee(tee(by_price(publish("a")), by_price(publish("b"))),
                               measure_time | tee(key_by(&trade::symbol) | process<count>() |
                                                      detect<named<"seen", count>>(),
                                                  by_price(thirds{})));
    fed piped{described};
    piped.push("A", 1);
    strings names, ids;
    for (const auto& each : piped.running.stages()) {
        names.push_back(each.name);
        CHECK(each.events_in == 1);
    }
    for (const auto& each : describe(described).stages) ids.push_back(each.id);
    CHECK(names == ids);
}

TEST_CASE("corrections count on their way, through stages that may change what they are") {
    fed piped{from<trade>("t") | key_by(&trade::symbol) |
              window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
              filter([](const auto& row) { return at<"count">(row) != 2; }) |
              key_by("n", [](const auto& row) { return at<"count">(row); }) | publish("counts")};
    piped.push("A", 100);
    piped.push("A", 1100);  // closes the first second: a record
    piped.push("A", 101);   // an update, which the filter makes a removal
    piped.push("A", 102);   // an update, which the filter makes an insert
    CHECK(counts_of(piped.running.stages()) ==
          "1_from 4 4\n2_key_by 4 4\n3_window 4 4\n4_process 4 3\n5_filter 3 3\n6_key_by 3 3\n"
          "7_publish 3 3\n");
}

TEST_CASE("a source counts what it refuses, and keys have bytes and a watermark") {
    fed piped{from<trade>("t", per_key(&trade::symbol), max_key_bytes{50}) |
              key_by(&trade::symbol) | window(tumbling{1s}, drop_late) | process<count>()};
    const auto empty = piped.running.stages();
    CHECK(empty.front().watermark == timestamp::min());
    CHECK(empty.back().watermark == timestamp::min());
    CHECK_FALSE(empty.back().time_spent);
    std::vector<std::string> keys;
    for (int i = 0; i < 1000; ++i) keys.push_back(std::string(40, 'x') + std::to_string(i));
    for (const auto& key : keys) piped.push(key, 500);
    CHECK(piped.push(std::string(51, 'x'), 500) == errc::key_too_long);
    const auto stages = piped.running.stages();
    CHECK(stages.front().events_in == 1001);
    CHECK(stages.front().refused == 1);
    CHECK(stages.front().events_out == 1000);
    CHECK(stages.front().keys == 1000);
    CHECK(stages.back().keys == 1000);
    CHECK(stages.back().open_windows == 1000);
    CHECK(stages.back().watermark == at_ms(500));
    CHECK(stages.front().state_bytes > 1000 * 41);  // the keys alone
    CHECK(stages.back().state_bytes > 1000 * 41);
    CHECK(piped.stats().state_bytes == stages.front().state_bytes + stages.back().state_bytes);
}

TEST_CASE("counts survive an archive") {
    const auto described = from<trade>("t") | filter([](const trade& t) { return t.price > 1; }) |
                           thirds{} | publish("a");
    auto running = start(described, [](const trade&) {});
    for (int i = 0; i < 10; ++i) running.push({"", double(i), 1, at_ms(i)});
    auto loaded = start(described, [](const trade&) {});
    const std::string saved = save(running);
    input_archive ar{saved};
    ar(loaded);
    REQUIRE(ar.ok());
    REQUIRE(ar.bytes_left() == 0);
    CHECK(counts_of(loaded.stages()) == counts_of(running.stages()));
    CHECK(counts_of(loaded.stages()) ==
          "1_from 10 10\n2_filter 10 8\n3_thirds 8 4\n4_publish 4 4\n");
}
