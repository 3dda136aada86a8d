#include <millrace/pipeline/with_broadcast.hpp>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/describe.hpp>

#include "fed.hpp"
#include "naive.hpp"
#include "ruled.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

trade trade_at(long long ms, std::string_view symbol = "a") { return {symbol, 1, 1, at_ms(ms)}; }

/// The trades that a rule allows, by a factor that is not zero.
auto allowed(auto trades) {
    return std::move(trades) |
           with_broadcast<factors>(from<rule>("rules", idle_timeout{1s}), add_rule,
                                   [](auto& ctx, const trade& t) {
                                       if (ctx.broadcast().of_symbol(t.symbol) != 0) ctx.emit(t);
                                   });
}

}  // namespace

TEST_CASE("rules that never come, or are far behind, hold no window up") {
    fed f{counts(allowed(from<trade>("trades")), tumbling{10ms}, drop_late)};
    auto [trades, rules] = f.running.sources();
    for (const long long ms : {1, 5, 12}) trades.push(trade_at(ms));
    CHECK(f.take() == strings{"a 0 2 0 watermark"});
    rules.push({"a", 0, at_ms(-1000)});
    for (const long long ms : {13, 22}) trades.push(trade_at(ms));
    CHECK(f.take() == strings{"a 10 1 0 watermark"});
    rules.push({"a", 1, at_ms(500)});  // nor do they make anything late
    for (const long long ms : {23, 31}) trades.push(trade_at(ms));
    CHECK(f.take() == strings{"a 20 1 0 watermark"});
    CHECK(f.stats().late == 0);
}

TEST_CASE("a window is shown when the stream is idle, whatever the rules do") {
    fed f{counts(allowed(from<trade>("trades", idle_timeout{1s})), tumbling{10ms}, drop_late)};
    auto [trades, rules] = f.running.sources();
    trades.push(trade_at(1));
    f.running.tick();
    f.clock.advance(1s);
    for (int look = 0; look < 2; ++look) {
        rules.push({"b", 1, at_ms(0)});
        f.running.tick();
    }
    CHECK(f.take() == strings{"a 0 1 0 idle open"});
    trades.push(trade_at(2));
    trades.push(trade_at(10));
    CHECK(f.take() == strings{"a 0 2 1 watermark"});
}

TEST_CASE("records of windows meet rules that come out of windows, and go on to windows") {
    const auto note = [](auto& least, const auto& row) { least = at<"count">(row); };
    const auto is_enough = [](auto& ctx, const auto& row) {
        if (at<"count">(row) >= ctx.broadcast()) ctx.emit(row);
    };
    auto limits =
        from<trade>("limits") | window(tumbling{10ms}, drop_late) | process<millrace::count>();
    auto loud = counts(from<trade>("trades"), tumbling{10ms}, drop_late) |
                with_broadcast<std::uint64_t>(std::move(limits), note, is_enough);
    fed f{loud};
    const auto push_to = [](auto source, std::initializer_list<long long> all) {
        for (const long long ms : all) source.push(trade_at(ms));
    };
    push_to(f.running.source<0>(), {1, 10});
    push_to(f.running.source<1>(), {1, 2, 10});
    push_to(f.running.source<0>(), {21, 22, 30, 31});
    CHECK(f.take() == strings{"a 0 1 0 watermark", "a 20 2 0 watermark"});
    CHECK_FALSE(f.running.finish());
    CHECK(f.take() == strings{"a 30 2 0 stop"});

    fed behind{std::move(loud) | window(tumbling{30ms}, drop_late) | process<millrace::count>()};
    push_to(behind.running.source<0>(), {1, 10});
    push_to(behind.running.source<1>(), {1, 2, 10});
    push_to(behind.running.source<0>(), {21, 22, 30, 31});
    CHECK(behind.take() == strings{"a 0 2 0 watermark"});
}

namespace {

/// Without a time.
struct length {
    double value;
    std::string unit;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<length> = millrace::fields(
    millrace::field{"value", &length::value}, millrace::field{"unit", &length::unit});

TEST_CASE("several broadcasts, unions and streams without time or key make one pipeline") {
    auto all = union_of(from<length>("evens"), from<length>("odds")) |
               with_broadcast<double, double>(
                   from<length>("factors") | map([](const length& by) { return 10 * by.value; }),
                   [](double& by, double one) { by = one; },
                   [](auto& ctx, const length& one) { ctx.emit(one.value * ctx.broadcast()); }) |
               with_broadcast<std::string, length>(
                   from<length>("units"), [](std::string& to, const length& one) { to = one.unit; },
                   [](auto& ctx, double one) {
                       ctx.emit({one, ctx.broadcast()});
                   });
    strings out;
    auto running = start(std::move(all), [&](const length& one) {
        out.push_back(std::to_string(static_cast<int>(one.value)) + one.unit);
    });
    auto [evens, odds, factors, units] = running.sources();
    CHECK(units.input() == "units");
    evens.push({2, ""});
    factors.push({1, ""});
    odds.push({3, ""});
    units.push({0, "km"});
    evens.push({4, ""});
    CHECK(out == strings{"0", "30", "40km"});
}

TEST_CASE("its stage counts what comes of both, and what it emits") {
    auto running = start(allowed(from<trade>("trades") | key_by(&trade::symbol)) | publish("ok"));
    auto [trades, rules] = running.sources();
    rules.push({"a", 0, at_ms(0)});
    for (const char* symbol : {"a", "b", "b"}) trades.push(trade_at(1, symbol));
    const auto stages = running.stages();
    const auto names =
        describe(allowed(from<trade>("trades") | key_by(&trade::symbol)) | publish("ok"));
    REQUIRE(stages.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(stages[i].name == names.stages[i].id);
    CHECK(stages[3].name == "4_with_broadcast");
    CHECK(stages[3].events_in == 4);
    CHECK(stages[3].events_out == 2);
    CHECK(stages[4].events_in == 2);
    CHECK(stages[4].events_out == 2);
    CHECK(stages[3].watermark == at_ms(1));
    CHECK(stages[4].watermark == at_ms(1));
}

TEST_CASE("describe says where the rules come in, and what they make") {
    const auto keyed = [](auto... options) {
        return from<trade>("trades") | key_by(&trade::symbol) |
               with_broadcast<factors>(from<rule>("rules"), add_rule,
                                       process_with_state<int>(by_rules_counted, options...));
    };
    const topology all = describe(keyed(max_keys{7}));
    const std::string text = all.text();
    CAPTURE(text);
    CHECK(text.find("with_broadcast") != text.npos);
    CHECK(text.find("broadcast factors") != text.npos);
    CHECK(text.find("max_keys 7") != text.npos);
    REQUIRE(all.stages.size() == 4);
    CHECK(all.stages[3].output.key == "symbol");
    CHECK(all.edges.back().to == 3);
    CHECK(all.fingerprint() == describe(keyed(max_keys{8})).fingerprint());
    CHECK(all.fingerprint() != describe(keyed(time_to_live{1s})).fingerprint());

    const auto ordered = [](std::size_t limit) {
        return describe(from<trade>("trades") |
                        with_broadcast<factors>(from<rule>("rules"), add_rule, by_rules,
                                                in_time_order{.max_waiting = limit}));
    };
    CHECK(ordered(3).text().find("max_waiting 3") != text.npos);
    CHECK(ordered(3).fingerprint() == ordered(4).fingerprint());
    CHECK(ordered(3).text().find("max_waiting_bytes 67108864") != text.npos);
    CHECK_THROWS_WITH(ordered(0), "with_broadcast: max_waiting must not be 0");
    CHECK_THROWS_WITH(with_broadcast<factors>(from<rule>("rules"), add_rule, by_rules,
                                              in_time_order{.max_waiting_bytes = 0}),
                      "with_broadcast: max_waiting_bytes must not be 0");
}

TEST_CASE("errors_to in front takes what the function throws, and the stream goes on") {
    strings out;
    auto running = start(
        from<trade>("trades") | errors_to("broken") |
            with_broadcast<factors>(from<rule>("rules") | errors_to("wrong"), add_rule, by_rules) |
            publish("ok"),
        [&](std::string_view topic, const auto& one) {
            out.push_back(std::string{topic} + " " + std::string{one.symbol});
        });
    auto [trades, rules] = running.sources();
    rules.push({"x", -1, at_ms(0)});
    trades.push({"y", 1, 0, at_ms(0)});
    trades.push({"z", 1, 1, at_ms(0)});
    CHECK(out == strings{"wrong x", "broken y", "ok z"});
    CHECK(running.stats().failed == 2);
}

TEST_CASE("what a function throws costs that event or rule alone") {
    strings out;
    auto running = start(
        from<trade>("trades") | with_broadcast<factors>(from<rule>("rules"), add_rule, by_rules),
        note_prices{&out});
    auto [trades, rules] = running.sources();
    rules.push({"a", 2, at_ms(0)});
    trades.push({"a", 1, 1, at_ms(0)});
    CHECK_THROWS_AS(trades.push({"a", 2, 0, at_ms(0)}), std::runtime_error);
    CHECK_THROWS_AS(rules.push({"b", -1, at_ms(0)}), std::runtime_error);
    const std::vector<rule> more{{"c", 4, at_ms(0)}, {"d", -1, at_ms(0)}, {"e", 6, at_ms(0)}};
    CHECK_THROWS_AS(rules.push(more), std::runtime_error);
    const std::vector<trade> rest{
        {"a", 3, 1, at_ms(1)}, {"c", 1, 0, at_ms(1)}, {"c", 1, 1, at_ms(1)}, {"e", 1, 1, at_ms(1)}};
    CHECK_THROWS_AS(trades.push(rest), std::runtime_error);
    CHECK(out == strings{"a 2", "a 6", "c 4", "e 6"});
    CHECK(running.stats().failed == 4);
    CHECK(running.stats().events == 11);
}
