#include <millrace/pipeline/describe.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/storage/sqlite_options.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using judge = ewma_zscore<at<"mean">>;

struct quick : ewma_zscore_defaults {
    static constexpr double alpha = 0.2;
};

constexpr auto is_large = [](const trade& t) { return t.size > 10; };

/// A storage with a file and a secret, of which it tells the one.
struct remote_options {
    std::string file{}, password{};

    template <class To>
    void describe(To& to) const {
        to.tunable("file", file);
    }
};
template <class Record>
struct remote_storage : null_storage<Record> {
    using options = remote_options;
    explicit remote_storage(options, std::string_view, std::string_view) {}
};

auto market() {
    return from<trade>("trades", disorder{250ms}) | filter(is_large) | key_by(&trade::symbol) |
           window(tumbling{1min + 30s}, lateness{2s}, late_to("late trades")) |
           process<summary<count, mean<&trade::price>>, memory_storage>() |
           tee(publish("bars"), detect<judge>() | store<remote_storage>({"m.db", "pssst"}) |
                                    filter([](const auto&) { return true; }) | publish("alarms"));
}

struct every_other : stage {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    Next make_node(const Stream&, Next next) const {
        return next;
    }
};

struct every_nth : every_other {
    static constexpr std::string_view stage_name = "every_nth";
    int n = 2;

    explicit every_nth(int of) : n{of} {}
    template <class To>
    void describe(To& to) const {
        to.setting("n", n);
    }
};

template <class... Stages>
std::string lines(Stages... stages) {
    return describe((from<trade>("t") | ... | stages)).text();
}

std::string last_line(std::string text) {
    text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

}  // namespace

TEST_CASE("a pipeline says its stages, settings and streams as text") {
    CHECK(
        describe(market()).text() ==
        R"text(1_from: name trades, time latest, disorder 250ms; max_ahead 1h, max_skew 1s, idle_timeout 10s -> trade {symbol text, price float64, size float64, time time}
2_filter -> trade
3_key_by: key symbol; max_key_bytes 256 -> trade by symbol
4_window: kind tumbling, size 1m30s, lateness 2s, late_to "late trades"; max_keys 1000000, max_windows 10000 -> trade by symbol
5_process: analyzer "summary(count, mean(price))"; storage memory_storage, capacity 4096 -> updating record by symbol {symbol text, count uint64, mean float64}
6_tee -> updating record by symbol
7_publish: topic bars -> updating record by symbol
8_detect <- 6_tee: analyzer "ewma_zscore(mean, alpha 0.05, threshold 3, warm_up 24, min_stddev 0)", evict_least_recent false; max_keys 1000000 -> updating record by symbol {symbol text, count uint64, mean float64, score float64, expected float64, lower float64, upper float64, anomaly bool}
9_store: storage remote_storage, file m.db -> updating record by symbol
10_filter -> updating record by symbol
11_publish: topic alarms -> updating record by symbol
)text");
}

TEST_CASE("a key of several parts is told with all of them, and their order counts") {
    const auto by = [](auto... parts) {
        return describe(from<trade>("t", per_key(parts...)) | key_by(parts...) | process<count>());
    };
    const key_part lot{"a/b", [](const trade& t) { return static_cast<int>(t.size); }};
    const auto one = by(&trade::symbol, lot), other = by(lot, &trade::symbol);
    CHECK(one.text().find("time_per_key symbol/function") != std::string::npos);
    CHECK(one.text().find(R"(key_by: key "symbol/a~1b", by symbol/function; max)") !=
          std::string::npos);
    CHECK(last_line(one.text())
              .ends_with("record by symbol/a~1b {symbol text, a/b int32, count uint64}"));
    CHECK(one.fingerprint() != other.fingerprint());
    CHECK(one.fingerprint() == by(&trade::symbol, lot).fingerprint());
}

TEST_CASE("windows of a zone say which") {
    const auto text = [](auto size) {
        const auto all = lines(window(size, drop_late), process<count>());
        return all.substr(all.find("kind"), all.find(", lateness") - all.find("kind"));
    };
    CHECK(text(tumbling{std::chrono::months{3}, zone{"UTC"}}) ==
          "kind tumbling, size \"3 months\", zone UTC");
    CHECK(text(tumbling{std::chrono::days{1}, zone{"UTC"}, 17h}) ==
          "kind tumbling, size \"1 day\", zone UTC, offset 17h");
}

TEST_CASE("a pipeline as a flowchart") {
    CHECK(describe(market()).mermaid() == R"mermaid(flowchart LR
    s1["from<br>name trades<br>time latest<br>disorder 250ms"]
    s2["filter"]
    s3["key_by<br>key symbol"]
    s4["window<br>kind tumbling<br>size 1m30s<br>lateness 2s<br>late_to late trades"]
    s5["process<br>analyzer summary(count, mean(price))"]
    s6["tee"]
    s7["publish<br>topic bars"]
    s8["detect<br>analyzer ewma_zscore(mean, alpha 0.05, threshold 3, warm_up 24, min_stddev 0)<br>evict_least_recent false"]
    s9["store"]
    s10["filter"]
    s11["publish<br>topic alarms"]
    s1 -->|"trade"| s2
    s2 -->|"trade"| s3
    s3 -->|"trade by symbol"| s4
    s4 -->|"trade by symbol"| s5
    s5 -->|"updating record by symbol"| s6
    s6 -->|"updating record by symbol"| s7
    s6 -->|"updating record by symbol"| s8
    s8 -->|"updating record by symbol"| s9
    s9 -->|"updating record by symbol"| s10
    s10 -->|"updating record by symbol"| s11
)mermaid");
}

TEST_CASE("a pipeline as JSON") {
    const auto described =
        describe(from<trade>("t", any_time, codec_limits{.max_events = 7}) | publish("a \"b\"\n") |
                 map([](const trade& t) { return t.price > 1; }));
    CHECK(described.json() ==
          R"({"fingerprint":"d6dc5d872be5ab59","stages":[)"
          R"({"id":"1_from","name":"from","settings":{"name":"t","time":"latest","disorder":"0s"},)"
          R"("tunable":{"any_time":true,"idle_timeout":"10s","max_events":7},)"
          R"("output":{"event":"trade","fields":[{"name":"symbol","type":"text"},)"
          R"({"name":"price","type":"float64"},{"name":"size","type":"float64"},)"
          R"({"name":"time","type":"time"}],"time":"shared","updating":false}},)"
          R"({"id":"2_publish","name":"publish","settings":{"topic":"a \"b\"\n"},"tunable":{},)"
          R"("output":{"event":"trade","fields":[{"name":"symbol","type":"text"},)"
          R"({"name":"price","type":"float64"},{"name":"size","type":"float64"},)"
          R"({"name":"time","type":"time"}],"time":"shared","updating":false}},)"
          R"({"id":"3_map","name":"map","settings":{},"tunable":{},)"
          R"("output":{"event":"bool","fields":[{"name":"value","type":"bool"}],)"
          R"("time":"shared","updating":false}}],)"
          R"("edges":[{"from":"1_from","to":"2_publish"},{"from":"2_publish","to":"3_map"}]})");
}

TEST_CASE("a fingerprint is the same for every build and compiler") {
    CHECK(describe(market()).fingerprint() == 0xdb74aa4792edee77u);
}

TEST_CASE("what decides what comes out changes the fingerprint, and nothing else does") {
    const auto bars = [](auto source, auto by, auto cut, auto folded) {
        return describe(std::move(source) | by | cut | folded | publish("bars"));
    };
    const auto source = from<trade>("t", disorder{1s});
    const auto by = key_by(&trade::symbol);
    const auto cut = window(tumbling{1s}, drop_late);
    const auto folded = process<mean<&trade::price>>();
    const topology usual = bars(source, by, cut, folded);

    const auto same = [&](const topology& other) {
        CHECK(other.json() != usual.json());
        CHECK(other.fingerprint() == usual.fingerprint());
    };
    same(bars(from<trade>("t", disorder{1s}, max_ahead{1s}), by, cut, folded));
    same(bars(from<trade>("t", disorder{1s}, max_skew{2s}), by, cut, folded));
    same(bars(from<trade>("t", disorder{1s}, any_time), by, cut, folded));
    same(bars(from<trade>("t", disorder{1s}, idle_timeout{1s}), by, cut, folded));
    same(bars(from<trade>("t", disorder{1s}, codec_limits{.max_depth = 2}), by, cut, folded));
    same(bars(source, key_by(&trade::symbol, max_key_bytes{7}), cut, folded));
    same(bars(source, by, window(tumbling{1s}, drop_late, max_keys{7}), folded));
    same(bars(source, by, window(tumbling{1s}, drop_late, max_windows{7}), folded));
    same(bars(source, by, cut, process<mean<&trade::price>, memory_storage>()));

    std::set<std::uint64_t> seen{usual.fingerprint()};
    const auto differs = [&](const topology& other) {
        INFO(other.text());
        CHECK(seen.insert(other.fingerprint()).second);
    };
    differs(bars(from<trade>("u", disorder{1s}), by, cut, folded));
    differs(bars(from<trade>("t", disorder{2s}), by, cut, folded));
    differs(bars(from<trade>("t", disorder{1s}, max_step{1s}), by, cut, folded));
    differs(bars(from<trade>("t", disorder{1s}, by_producer{}), by, cut, folded));
    differs(bars(from<trade>("t", disorder{1s}, per_key(&trade::symbol)), by, cut, folded));
    differs(bars(from<trade>("t", processing_time), by, cut, folded));
    differs(bars(from<trade>("t", punctuated([](const trade& t) { return std::optional{t.time}; })),
                 by, cut, folded));
    differs(bars(source, key_by("other", &trade::symbol), cut, folded));
    differs(bars(source, key_by("symbol", [](const trade& t) { return t.symbol; }), cut, folded));
    differs(bars(source, key_by("symbol", [](const trade&) { return 1; }), cut, folded));
    differs(bars(source, by, window(tumbling{2s}, drop_late), folded));
    differs(bars(source, by, window(tumbling{1s, 1ms}, drop_late), folded));
    differs(bars(source, by, window(tumbling{1s}, drop_late, lateness{1s}), folded));
    differs(bars(source, by, window(tumbling{1s}, drop_late, lateness{1s}, without_final), folded));
    differs(bars(source, by, window(tumbling{1s}, late_to("late")), folded));
    differs(bars(source, by, window(tumbling{1s}, late_to("later")), folded));
    differs(bars(source, by, window(tumbling{1s}, late_to([](const trade&) {})), folded));
    differs(bars(source, by, cut, process<mean<&trade::size>>()));
    differs(bars(source, by, cut, process<count>()));
    differs(bars(source, by, cut, process<named<"low", mean<&trade::price>>>()));
    differs(bars(source, by, cut, process<summary<mean<&trade::price>>>()));
    differs(bars(source, by, cut, process<ewma_zscore<&trade::price>>()));
    differs(bars(source, by, cut, process<ewma_zscore<&trade::price, quick>>()));
    differs(bars(source, by, cut, folded | store<memory_storage>()));
    differs(bars(source, by, cut, folded | publish("other")));
    differs(bars(source, filter(is_large) | by, cut, folded));
    differs(bars(source, by | filter(is_large), cut, folded));
    const auto with_tee = [&](auto first, auto second) {
        return describe(source | by | cut | folded | tee(first, second));
    };
    differs(with_tee(publish("a"), publish("b")));
    differs(with_tee(publish("b"), publish("a")));
    differs(with_tee(publish("a") | publish("b"), publish("c")));
    differs(with_tee(publish("a"), publish("b") | publish("c")));
}

TEST_CASE("a stage of one's own is called by its class, or says its name and settings") {
    CHECK(last_line(lines(every_other{})) == "2_every_other -> trade");
    CHECK(last_line(lines(every_nth{3})) == "2_every_nth: n 3 -> trade");
    struct nameless : every_other {};
    CHECK(describe(from<trade>("t") | every_other{}).fingerprint() ==
          describe(from<trade>("t") | nameless{}).fingerprint());
    CHECK(describe(from<trade>("t") | every_nth{2}).fingerprint() !=
          describe(from<trade>("t") | every_nth{3}).fingerprint());
}

TEST_CASE("a window of one's own is called by its class, unless it says more") {
    struct evens {
        window_bounds assign(timestamp) const { return {}; }
    };
    struct odds : evens {};
    const auto shape = [](auto by) {
        return describe(from<trade>("t") | window(by, drop_late) | process<count>());
    };
    CHECK(shape(evens{}).text().find("2_window: kind evens, ") != std::string::npos);
    CHECK(shape(evens{}).fingerprint() != shape(odds{}).fingerprint());
}

TEST_CASE("what comes in and out is said by its schema, or by its type") {
    CHECK(last_line(lines(flat_map([](const trade& t) { return std::array{t.size}; }))) ==
          "2_flat_map -> float64 {value float64}");
    CHECK(last_line(lines(map([](const trade&) { return every_other{}; }))) ==
          "2_map -> every_other");
    CHECK(describe(from<trade>("t", per_key(&trade::symbol)) | filter(is_large))
              .stages.back()
              .output.time == "per key");
}

TEST_CASE("of a union each input is told, and that it leads there") {
    const auto shape =
        describe(union_of(from<trade>("a") | filter(is_large), from<trade>("b")) | publish("all"));
    std::string kinds;
    for (const auto& each : shape.stages) kinds += each.name + " ";
    CHECK(kinds == "from filter from union_of publish ");
    std::string edges;
    for (const auto& each : shape.edges)
        edges += std::to_string(each.from) + ">" + std::to_string(each.to) + " ";
    CHECK(edges == "0>1 1>3 2>3 3>4 ");
    const auto lag = [](duration most) {
        return describe(union_of(from<trade>("a"), from<trade>("b"), max_lag{most}));
    };
    CHECK(lag(5min).text().find("max_lag 5m") != std::string::npos);
    CHECK(lag(5min).fingerprint() != lag(6min).fingerprint());
}

TEST_CASE("windows by count say how they cut, and that their records are numbered") {
    const auto shape = [](auto cut) {
        return describe(from<trade>("t") | key_by(&trade::symbol) | cut | process<count>());
    };
    const auto tens = shape(window(tumbling_count{10}));
    CHECK(
        last_line(lines(key_by(&trade::symbol) | window(tumbling_count{10}) | process<count>())) ==
        "4_process: analyzer count -> record by symbol {symbol text, number uint64, count uint64}");
    CHECK(tens.fingerprint() == shape(window(tumbling_count{10}, max_keys{5})).fingerprint());
    CHECK(tens.fingerprint() != shape(window(tumbling_count{11})).fingerprint());
    CHECK(tens.fingerprint() != shape(window(tumbling_count{10}, flush_at_finish)).fingerprint());
    CHECK(tens.fingerprint() != shape(window(sliding_count{10, 10})).fingerprint());
}
