#include <millrace/pipeline/detail/state/ordered_broadcast_node.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include "../../fed.hpp"
#include "../../naive.hpp"
#include "../../ruled.hpp"
#include "counted_new.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("golden case: rules hold from their time on, in all orders of arrival (G30)") {
    std::array<int, 5> order{0, 1, 2, 3, 4};
    int orders = 0;
    do {
        strings out;
        auto running = start(union_of(from<trade>("A", any_time, disorder{1h}),
                                      from<trade>("B", any_time, disorder{1h})) |
                                 with_broadcast<factors>(from<rule>("rules", any_time), add_rule,
                                                         by_rules, in_time_order{}),
                             note_prices{&out});
        auto [a, b, rules] = running.sources();
        for (const int one : order) {
            switch (one) {
                case 0: a.push({"a1", 1, 1, at_ms(4)}); break;
                case 1: a.push({"a2", 1, 1, at_ms(6)}); break;
                case 2: b.push({"b1", 1, 1, at_ms(4)}); break;
                case 3: rules.push({"*", 1, at_ms(0)}); break;
                default: rules.push({"*", 10, at_ms(5)}); break;
            }
        }
        CHECK(out.empty());
        running.advance(at_ms(5));
        std::ranges::sort(out);
        CHECK(out == strings{"a1 1", "b1 1"});
        out.clear();
        running.advance(at_ms(7));
        CHECK(out == strings{"a2 10"});
        ++orders;
    } while (std::ranges::next_permutation(order).found);
    CHECK(orders == 120);
}

namespace {

/// Trades at their prices by rules in time order.
auto in_order(std::size_t limit = 100, duration by = 10ms) {
    return from<trade>("trades", any_time, disorder{by}, idle_timeout{1s}) |
           key_by(&trade::symbol) |
           with_broadcast<factors>(from<rule>("rules", any_time), add_rule,
                                   process_with_state<int>(by_rules_counted),
                                   in_time_order{.max_waiting = limit});
}

/// By the textbook: all that waits is searched for what is first.
struct naive_order {
    struct one {
        bool is_rule;
        std::string symbol;
        double number;
        bool is_wrong;
        long long time;
    };

    std::size_t limit;
    std::vector<one> waiting{};
    std::map<std::string, double> factors{};
    std::map<std::string, int> counts{};
    std::vector<std::string> out{};
    long long latest = -1'000'000, told = -1'000'000;
    std::uint64_t early = 0;
    bool is_good = true;

    void push(const one& next) {
        if (next.time < told) {
            act(next);
        } else {
            while (waiting.size() >= limit) {
                ++early;
                act_first();
            }
            waiting.push_back(next);
        }
        if (next.is_rule) return;
        latest = std::max(latest, next.time);
        if (latest - 10 <= told) return;
        told = latest - 10;
        while (!waiting.empty() && first()->time < told) act_first();
    }
    void release_events() {
        while (std::ranges::any_of(waiting, [](const one& each) { return !each.is_rule; }))
            act_first();
    }

private:
    std::vector<one>::iterator first() {
        return std::ranges::min_element(waiting, {}, [](const one& each) {
            return std::pair{each.time, !each.is_rule};
        });
    }
    void act_first() {
        const auto at = first();
        const one next = *at;
        waiting.erase(at);
        act(next);
    }
    void act(const one& next) {
        is_good = is_good && !next.is_wrong;
        if (next.is_rule) {
            factors[next.symbol] = next.number;
            return;
        }
        const int count = ++counts[next.symbol];
        if (next.is_wrong) return;
        double factor = factors.contains("*") ? factors["*"] : 1;
        if (factors.contains(next.symbol)) factor = factors[next.symbol];
        out.push_back(next.symbol + " " + std::to_string(next.number * factor) + " " +
                      std::to_string(count) + " " + std::to_string(next.time));
    }
};

void check_random(unsigned seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto draw = [&](unsigned below) { return static_cast<int>(random() % below); };
    std::vector<std::string> out;
    manual_clock clock{at_ms(1'000'000)};
    const std::size_t limit = draw(2) == 0 ? 1 + random() % 6 : 100;
    const auto make = [&] {
        auto running = start(
            in_order(limit),
            [&](const trade& one) {
                out.push_back(std::string{one.symbol} + " " + std::to_string(one.price) + " " +
                              std::to_string(static_cast<int>(one.size)) + " " +
                              std::to_string(ms_of(one.time)));
            },
            clock_view{clock});
        return std::make_unique<decltype(running)>(std::move(running));
    };
    auto running = make();
    naive_order right{limit};
    const auto check = [&](auto&& call, auto&& by_model) {
        bool is_good = true;
        try {
            call();
        } catch (const std::runtime_error&) {
            is_good = false;
        }
        right.is_good = true;
        by_model();
        REQUIRE(is_good == right.is_good);
        REQUIRE(out == right.out);
    };
    const std::array<std::string, 4> names{"a", "b", "c", "*"};
    long long now = draw(2) * 2000 - 1000;
    for (int step = 0; step < 150; ++step) {
        now += draw(5);
        const long long time = now - draw(16);
        if (draw(4) == 0) {
            const std::string symbol = names[random() % 4];
            const double factor = draw(10) - 1.0;
            check(
                [&] {
                    running->template source<1>().push({symbol, factor, at_ms(time + 3)});
                },
                [&] {
                    right.push({true, symbol, factor, factor < 0, time + 3});
                });
        } else {
            const std::string symbol = names[random() % 3];
            const double price = draw(100) + 1.0, size = draw(8);
            check(
                [&] {
                    running->template source<0>().push({symbol, price, size, at_ms(time)});
                },
                [&] {
                    right.push({false, symbol, price, size == 0, time});
                });
        }
        if (draw(30) == 0) {
            const std::string saved = save(*running);
            running = make();
            input_archive ar{saved};
            ar(*running);
            REQUIRE(ar.ok());
            REQUIRE(ar.bytes_left() == 0);
        }
        if (draw(50) == 0) {
            running->tick();
            clock.advance(1s);
            running->tick();
            check([&] { running->tick(); }, [&] { right.release_events(); });
        }
    }
    REQUIRE(running->stats().released_early == right.early);
    check([&] { static_cast<void>(running->finish()); }, [&] { right.release_events(); });
}

}  // namespace

TEST_CASE("rules and events in time order are those of a naive model") {
    for (unsigned i = 0; i < 200; ++i) check_random(Catch::rngSeed() + i);
}

TEST_CASE("what waited is in the windows behind before these close, and nothing is late") {
    fed f{in_order(100, 5ms) | window(tumbling{10ms}, drop_late) | process<millrace::count>()};
    auto [trades, rules] = f.running.sources();
    for (const long long ms : {9, 12, 8, 17}) trades.push({"a", 1, 1, at_ms(ms)});
    CHECK(f.take() == strings{"a 0 2 0 watermark"});
    trades.push({"a", 1, 1, at_ms(13)});
    trades.push({"a", 1, 1, at_ms(25)});
    CHECK(f.take() == strings{"a 10 3 0 watermark"});
    CHECK(f.stats().late == 0);
    f.pass(1s);
    CHECK(f.take() == strings{"a 20 1 0 idle open"});
    trades.push({"a", 1, 1, at_ms(2)});
    CHECK(f.stats().late == 1);
    CHECK_FALSE(f.running.finish());
    CHECK(f.take() == strings{"a 20 1 1 stop"});
}

TEST_CASE("beyond max_waiting the earliest goes on, which is counted") {
    strings out;
    auto running = start(from<trade>("trades", any_time, disorder{1h}) |
                             with_broadcast<factors>(from<rule>("rules", any_time), add_rule,
                                                     by_rules, in_time_order{.max_waiting = 2}) |
                             publish("ok"),
                         [&](const trade& one) { out.push_back(std::string{one.symbol}); });
    auto [trades, rules] = running.sources();
    for (const char* symbol : {"a", "b", "c", "d"}) trades.push({symbol, 1, 1, at_ms(9)});
    CHECK(out == strings{"a", "b"});
    CHECK(running.stats().released_early == 2);
    CHECK(running.stats().state_bytes > 0);
    const auto stages = running.stages();
    CHECK(stages[2].events_in == 4);
    CHECK(stages[2].events_out == 2);
    CHECK(stages[2].released_early == 2);
    for (int i = 0; i < 3; ++i) rules.push({"x", 1, at_ms(10)});
    CHECK(out == strings{"a", "b", "c", "d"});
    CHECK(running.stats().released_early == 5);
}

TEST_CASE("beyond max_waiting_bytes the earliest goes on, which is counted") {
    strings out;
    auto running =
        start(from<trade>("trades", any_time, disorder{1h}) |
                  with_broadcast<factors>(from<rule>("rules", any_time), add_rule, by_rules,
                                          in_time_order{.max_waiting_bytes = 10'000}) |
                  publish("ok"),
              [&](const trade& one) { out.push_back(std::string{one.symbol.substr(0, 1)}); });
    auto trades = running.source<0>();
    auto rules = running.source<1>();
    const auto large = [](char name, std::size_t size) { return std::string(size, name); };
    const auto send = [&](char name, std::size_t size, long long ms) {
        trades.push({large(name, size), 1, 1, at_ms(ms)});
    };
    send('a', 4'000, 20);
    send('b', 4'000, 10);
    CHECK(out.empty());
    send('c', 4'000, 30);
    CHECK(out == strings{"b"});
    rules.push({large('r', 4'000), 1, at_ms(40)});
    CHECK(out == strings{"b", "a"});
    CHECK(running.stats().released_early == 2);
    send('d', 20'000, 50);  // the others wait on
    CHECK(out == strings{"b", "a", "d"});
    CHECK(running.stats().released_early == 3);
    for (long long ms = 0; ms < 1'000; ++ms) {
        send('e', 1 + static_cast<std::size_t>(ms * 7 % 5'000), 100 + ms);
        CHECK(running.stats().state_bytes < 2 * 10'000 + 2'000);
    }
    CHECK(running.stats().released_early > 900);
    CHECK_FALSE(running.finish());
    CHECK(out.size() == 1'004);
}

TEST_CASE("what is thrown at one that waited costs that alone, and goes on when all have gone") {
    strings out;
    auto running = start(in_order(100, 1h), note_prices{&out});
    auto [trades, rules] = running.sources();
    for (const double size : {1, 0, 0, 1}) trades.push({"a", 1, size, at_ms(5)});
    rules.push({"a", -1, at_ms(5)});
    CHECK_THROWS_AS(running.advance(at_ms(7)), std::runtime_error);
    CHECK(out == strings{"a -1", "a -1"});
    running.advance(at_ms(8));
}

TEST_CASE("what waits is saved, and a damaged archive is an error") {
    strings out;
    const auto make = [&] { return start(in_order(100, 1h), note_prices{&out}); };
    auto first = make();
    auto [trades, rules] = first.sources();
    trades.push({"a", 1, 1, at_ms(4)});
    rules.push({"a", 3, at_ms(5)});
    trades.push({"a", 2, 1, at_ms(6)});
    const std::string saved = save(first);
    auto next = make();
    input_archive ar{saved};
    ar(next);
    REQUIRE(ar.ok());
    next.advance(at_ms(9));
    CHECK(out == strings{"a 1", "a 6"});
    for (std::size_t size = 0; size < saved.size(); ++size) {
        auto cut = make();
        input_archive part{std::string_view{saved}.substr(0, size)};
        part(cut);
        REQUIRE_FALSE(part.ok());
    }
}

namespace {

struct sample {
    double value;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = fields(field{"value", &sample::value},
                                                        event_time{"time", &sample::time});

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("in either order a broadcast allocates nothing for events that own their text") {
    double sum = 0;
    const auto check = [&](auto... order) {
        auto running = start(from<sample>("samples", any_time, disorder{50ms}) |
                                 with_broadcast<double>(
                                     from<sample>("factors", any_time),
                                     [](double& by, const sample& one) { by = one.value; },
                                     [](auto& ctx, const sample& one) {
                                         ctx.emit({one.value * ctx.broadcast(), one.time});
                                     },
                                     order...),
                             [&](const sample& one) { sum += one.value; });
        auto [samples, factors] = running.sources();
        std::size_t before = 0;
        for (int ms = 0; ms < 2'000; ++ms) {
            if (ms == 1'000) before = allocation_count;
            samples.push({1, at_ms(ms - ms % 7)});
            if (ms % 10 == 0) factors.push({ms + 1.0, at_ms(ms)});
        }
        CHECK(allocation_count == before);
        CHECK(sum > 0);
    };
    check();
    check(in_time_order{});
}
#endif
