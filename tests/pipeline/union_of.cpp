#include <millrace/pipeline/union_of.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/operators/tee.hpp>

#include "fed.hpp"
#include "naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

trade trade_at(long long ms, std::string_view symbol = "a") { return {symbol, 1, 1, at_ms(ms)}; }

/// Counts by windows of ten milliseconds of what two sources send.
auto two_sources() {
    return counts(union_of(from<trade>("A", idle_timeout{1s}), from<trade>("B", idle_timeout{1s})),
                  tumbling{10ms}, late_to("late"));
}

/// Time passes in which some send nothing; the others go on sending the event.
template <class Fed, class Others>
void rest(Fed& f, Others&& others) {
    f.running.tick();
    f.clock.advance(1s);
    for (int i = 0; i < 2; ++i) {
        others();
        f.running.tick();
    }
}

}  // namespace

TEST_CASE("windows of a union close when the source that is least far has passed them (G14)") {
    fed f{two_sources()};
    auto [a, b] = f.running.sources();
    a.push(trade_at(10));
    b.push(trade_at(7));
    CHECK(f.stats().watermark == at_ms(7));
    a.push(trade_at(20));
    CHECK(f.stats().watermark == at_ms(7));
    CHECK(f.out.empty());
    b.push(trade_at(12));
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
    a.push(trade_at(15));
    CHECK(f.stats().watermark == at_ms(12));
    b.push(trade_at(30));
    CHECK(f.take() == strings{"a 10 3 0 watermark"});
    CHECK(f.stats().watermark == at_ms(20));
    CHECK(f.stats().late == 0);
}

TEST_CASE("what comes of a source that was idle may be late until it has caught up (G15)") {
    fed f{two_sources()};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    a.push(trade_at(10));
    b.push(trade_at(7));
    rest(f, [&] { a.push(trade_at(10)); });
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
    CHECK(f.stats().watermark == at_ms(10));
    a.push(trade_at(20));
    CHECK(f.take() == strings{"a 10 3 0 watermark"});
    b.push(trade_at(12));
    CHECK(f.take() == strings{"late a 12"});
    b.push(trade_at(15));
    a.push(trade_at(25));
    CHECK(f.stats().watermark == at_ms(25));
    b.push(trade_at(26));
    CHECK(f.stats().watermark == at_ms(25));
    a.push(trade_at(30));
    CHECK(f.stats().watermark == at_ms(26));
    CHECK(f.stats().late == 2);
}

TEST_CASE("once all are idle the furthest holds, and what is open is shown (G16)") {
    for (const bool is_a_first : {true, false}) {
        fed f{two_sources()};
        auto a = f.running.source<0>();
        auto b = f.running.source<1>();
        a.push(trade_at(10));
        b.push(trade_at(20));
        b.push(trade_at(25));
        if (is_a_first) {
            rest(f, [&] { b.push(trade_at(25)); });
            CHECK(f.take() == strings{"a 10 1 0 watermark"});
        } else {
            rest(f, [&] { a.push(trade_at(10)); });
            CHECK(f.out.empty());  // one that is idle shows nothing of what the other waits for
        }
        CHECK(f.stats().watermark == at_ms(is_a_first ? 25 : 10));
        rest(f, [] {});
        CHECK(f.stats().watermark == at_ms(25));
        CHECK(f.take() == (is_a_first ? strings{"a 20 4 0 idle open"}
                                      : strings{"a 10 3 0 watermark", "a 20 2 0 idle open"}));
    }
}

TEST_CASE("a source that has ended holds nobody up, and closes nothing by itself (G16)") {
    fed f{two_sources()};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    b.push(trade_at(5));
    a.push(trade_at(3));
    a.advance(timestamp::max());
    CHECK(f.stats().watermark == at_ms(5));
    rest(f, [] {});
    CHECK(f.take() == strings{"a 0 2 0 idle open"});
    b.advance(timestamp::max());
    CHECK(f.out == strings{"a 0 2 1 watermark"});
}

TEST_CASE("a source that never sent anything holds the other up until it is idle") {
    fed f{two_sources()};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    a.push(trade_at(5));
    a.push(trade_at(15));
    CHECK(f.out.empty());
    rest(f, [&] { a.push(trade_at(15)); });
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
    b.push(trade_at(6));
    CHECK(f.take() == strings{"late a 6"});
}

TEST_CASE("a source that sends what is old cannot stop the time of the others") {
    const auto sources = [](auto... option) {
        return counts(union_of(from<trade>("A"), from<trade>("B"), option...), tumbling{10ms},
                      late_to("late"));
    };
    fed f{sources(max_lag{100ms})};
    auto [a, b] = f.running.sources();
    b.push(trade_at(3));
    a.push(trade_at(90));
    CHECK(f.out.empty());
    a.push(trade_at(112));
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
    CHECK(f.stats().watermark == at_ms(12));
    b.push(trade_at(4));
    CHECK(f.take() == strings{"late a 4"});
    b.push(trade_at(95));
    a.push(trade_at(130));
    CHECK(f.stats().watermark == at_ms(95));

    fed hour{sources()};
    hour.running.source<0>().push(trade_at(3'600'000));
    CHECK(hour.stats().watermark == at_ms(0));
    fed unlimited{sources(max_lag{duration::max()})};
    unlimited.running.source<0>().push(trade_at(3'600'000));
    CHECK(unlimited.stats().watermark == timestamp::min());
    CHECK_THROWS_WITH(sources(max_lag{-1ns}), "union_of: max_lag must not be negative");
}

TEST_CASE("a source whose events are all left out before the union tells how far it is") {
    auto none =
        from<trade>("B", idle_timeout{1s}) | millrace::filter([](const trade&) { return false; });
    fed f{counts(union_of(from<trade>("A", idle_timeout{1s}), std::move(none)), tumbling{10ms},
                 late_to("late"))};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    a.push(trade_at(25));
    b.push(trade_at(27));
    rest(f, [&] { a.push(trade_at(25)); });
    b.push(trade_at(5));  // nothing rises, but it is not idle any more
    a.push(trade_at(40));
    CHECK(f.stats().watermark == at_ms(27));
    CHECK(f.stats().late == 0);
}

TEST_CASE("each source has its own time, and its own limits") {
    auto slow = from<trade>("slow", disorder{20ms});
    auto shared = from<trade>("shared", by_producer{});
    fed f{counts(union_of(std::move(slow), std::move(shared)), tumbling{10ms}, late_to("late"))};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    a.push(trade_at(60));
    b.push(trade_at(15), 2);
    CHECK(b.push(trade_at(70), 1) == errc{});
    CHECK(f.stats().watermark == at_ms(15));
    CHECK(b.push(trade_at(35), 2) == errc{});
    CHECK(f.take() == strings{"a 10 1 0 watermark"});
    b.leave(2);
    CHECK(f.take() == strings{"a 30 1 0 watermark"});
    CHECK(f.stats().watermark == at_ms(40));
    const long long now = ms_of(f.clock.wall());
    CHECK(a.push(trade_at(now + 4'000'000)) == errc::too_far_ahead);
    CHECK(a.rejected() == 1);
    CHECK(b.rejected() == 0);
    CHECK(a.events() == 1);
    CHECK(b.events() == 3);
    CHECK(f.stats().events == 4);
    CHECK(f.stats().rejected == 1);
}

TEST_CASE("what a source's key_by behind the union refuses is told to its sender") {
    auto all = union_of(from<trade>("A"), from<trade>("B") | publish("raw")) |
               key_by(&trade::symbol, max_key_bytes{3}) | process<count>();
    auto running = start(std::move(all), [](const auto&) {});
    std::string message = R"({"symbol":"LONG","price":1,"size":1,"time":1})";
    message.push_back('\0');
    std::size_t told = 0;
    const auto on_error = [&](const input_error& error) {
        ++told;
        CHECK(error.code == errc::key_too_long);
    };
    for (int source = 0; source < 2; ++source) {
        std::string copy = message;
        const std::span bytes{copy.data(), copy.size() - 1};
        CHECK((source == 0 ? running.source<0>().receive(bytes, on_error)
                           : running.source<1>().receive(bytes, on_error)) == 0);
    }
    CHECK(told == 2);
    CHECK(running.stats().rejected == 2);
}

TEST_CASE("records of two inputs keep the key that they have in common") {
    const auto seconds = [](auto source) {
        return counts(std::move(source), tumbling{10ms}, drop_late);
    };
    auto all = union_of(seconds(from<trade>("A")), seconds(from<trade>("B"))) |
               window(tumbling{20ms}, drop_late) | process<count>();
    fed f{std::move(all)};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    for (const long long ms : {0, 5, 10, 20}) a.push(trade_at(ms));
    for (const long long ms : {0, 10, 15, 40}) b.push(trade_at(ms, ms == 15 ? "b" : "a"));
    CHECK(f.take() == strings{"a 0 4 0 watermark", "b 0 1 0 watermark"});
    f.running.finish();
    CHECK(f.out == strings{"a 20 1 0 stop", "a 40 1 0 stop"});
}

TEST_CASE("a tee before the union has a branch, and the events go on") {
    const auto is_b = [](const trade& t) { return t.symbol == "b"; };
    auto left = from<trade>("A") | tee(millrace::filter(is_b) | publish("only b"));
    fed f{counts(union_of(std::move(left), from<trade>("B")), tumbling{10ms}, drop_late)};
    auto [a, b] = f.running.sources();
    a.push(trade_at(1, "a"));
    a.push(trade_at(2, "b"));
    b.push(trade_at(3, "b"));
    CHECK(f.take() == strings{"only b b 2"});
    f.running.finish();
    CHECK(f.out == strings{"a 0 1 0 stop", "b 0 2 0 stop"});
}

TEST_CASE("inputs with different keys, and sources of one name, are refused") {
    const auto by_symbol = from<trade>("A") | key_by(&trade::symbol);
    const auto renamed = from<trade>("B") | key_by("name", &trade::symbol);
    CHECK_THROWS_AS(union_of(by_symbol, renamed), std::invalid_argument);
    CHECK_NOTHROW(union_of(by_symbol, by_symbol));
    CHECK_THROWS_AS(start(union_of(by_symbol, by_symbol), [](const auto&) {}),
                    std::invalid_argument);
}

TEST_CASE("a union of unions is one") {
    const auto source = [](const char* name) { return from<trade>(name, idle_timeout{1s}); };
    auto left =
        union_of(source("A"), source("B")) | millrace::filter([](const trade&) { return true; });
    fed f{counts(union_of(std::move(left), source("C")), tumbling{10ms}, late_to("late"))};
    STATIC_REQUIRE(decltype(f.running)::source_count == 3);
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    auto c = f.running.source<2>();
    CHECK(a.input() == "A");
    CHECK(b.input() == "B");
    CHECK(c.input() == "C");
    a.push(trade_at(30));
    b.push(trade_at(20));
    CHECK(f.stats().watermark == at_ms(20) - max_lag{}.value);  // c may be on its way
    c.push(trade_at(25));
    CHECK(f.stats().watermark == at_ms(20));
    rest(f, [&] { c.push(trade_at(25)); });  // both of the left are idle
    CHECK(f.stats().watermark == at_ms(25));
    CHECK(f.take() == strings{});
    c.push(trade_at(32));
    CHECK(f.take() == strings{"a 20 4 0 watermark"});
    rest(f, [] {});
    CHECK(f.take() == strings{"a 30 2 0 idle open"});
}

namespace {

/// The rules of the golden cases, and windows that are all kept for ever.
struct naive_union {
    struct input {
        long long disorder;
        bool takes_all;
        long long watermark = -1'000'000;
        bool is_idle = false;
        bool is_behind = false;
    };

    long long size;
    std::vector<input> inputs;
    long long max_lag = 1'000'000;
    long long watermark = -1'000'000;
    std::map<std::pair<std::string, long long>, std::uint64_t> windows{};
    std::uint64_t late = 0;

    static bool is_taken(long long time) { return time % 3 != 0; }

    void push(std::size_t from, const std::string& key, long long time) {
        input& in = inputs[from];
        if (in.is_idle) {
            in.is_idle = false;
            in.is_behind = in.watermark < watermark;
        }
        in.watermark = std::max(in.watermark, time - in.disorder);
        if (in.is_behind && in.watermark >= watermark) in.is_behind = false;
        combine();
        if (!in.takes_all && !is_taken(time)) return;
        const long long start = time / size * size;
        if (start + size <= watermark) {
            ++late;
        } else {
            ++windows[{key, start}];
        }
    }

    void idle(std::size_t from) {
        inputs[from].is_idle = true;
        inputs[from].is_behind = false;
        combine();
    }

private:
    void combine() {
        std::vector<long long> counted, idle;
        bool is_any_behind = false;
        for (const input& each : inputs) {
            if (each.is_idle) {
                idle.push_back(each.watermark);
            } else if (each.is_behind) {
                is_any_behind = true;
            } else {
                counted.push_back(each.watermark);
            }
        }
        if (!counted.empty()) {
            long long least = *std::ranges::min_element(counted);
            for (const input& each : inputs) least = std::max(least, each.watermark - max_lag);
            watermark = std::max(watermark, least);
        } else if (!is_any_behind) {
            watermark = std::max(watermark, *std::ranges::max_element(idle));
        }
    }
};

/// One description, run at once and in slices, cut by saves, beside the model.
template <class Make>
void check_union(Make make, naive_union model, std::mt19937& random) {
    using running = fed<decltype(make())>;
    constexpr std::size_t sources = decltype(running::running)::source_count;
    auto at_once = std::make_unique<running>(make()), sliced = std::make_unique<running>(make());
    sliced->running.close_in_slices(1 + random() % 4);
    const auto seen = [](strings& of, running& from) {
        for (auto& line : from.take()) of.push_back(std::move(line));
    };
    strings seen_at_once, seen_sliced;

    const auto both = [&](auto&& step) {
        step(*at_once);
        step(*sliced);
        if (random() % 3 == 0) sliced->running.resume();
        seen(seen_at_once, *at_once);
        seen(seen_sliced, *sliced);
    };
    const std::array<std::string, 4> symbols{"a", "b", "c", "d"};
    std::vector<long long> now(sources, 1000);
    const auto push = [&](std::size_t source) {
        now[source] += static_cast<long long>(random() % 12);
        const long long time = now[source] - static_cast<long long>(random() % 30);
        const std::string& symbol = symbols[random() % symbols.size()];
        both([&](running& to) {
            std::size_t number = 0;
            const auto push_one = [&](auto&& each) {
                if (number++ == source) each.push({symbol, 1, 1, at_ms(time)});
            };
            std::apply([&](auto&&... each) { (push_one(each), ...); }, to.running.sources());
        });
        model.push(source, symbol, time);
        if (model.watermark > 0) REQUIRE(at_once->stats().watermark == at_ms(model.watermark));
    };
    const auto tick = [&] {
        both([](running& each) {
            each.running.tick();
            while (each.running.is_behind()) {  // what is not looked at now is so then
                each.running.resume();
                each.running.tick();
            }
        });
    };
    const auto rest_some = [&] {
        std::vector<bool> rests(sources);
        for (std::size_t i = 0; i < sources; ++i) rests[i] = random() % 2 == 0;
        tick();
        both([](running& each) { each.clock.advance(1s); });
        for (int look = 0; look < 2; ++look) {
            for (std::size_t i = 0; i < sources; ++i)
                if (!rests[i]) push(i);
            tick();
        }
        for (std::size_t i = 0; i < sources; ++i)
            if (rests[i]) model.idle(i);
    };
    const auto cut = [&](std::unique_ptr<running>& of) {
        const std::string saved = save(of->running);
        auto next = std::make_unique<running>(make());
        next->clock.advance(of->clock.elapsed() - next->clock.elapsed());
        input_archive ar{saved};
        ar(next->running);
        REQUIRE(ar.ok());
        seen(&of == &sliced ? seen_sliced : seen_at_once, *of);
        if (&of == &sliced) next->running.close_in_slices(1 + random() % 4);
        of = std::move(next);
    };

    for (int i = 0; i < 150; ++i) {
        push(random() % sources);
        if (random() % 40 == 0) rest_some();
        if (random() % 60 == 0) cut(at_once);
        if (random() % 60 == 0) cut(sliced);
    }
    both([](running& each) { each.running.finish(); });
    CHECK(at_once->stats().late == model.late);
    const auto is_other = [](const std::string& line) {
        return line.ends_with("open") || line.starts_with("late");
    };
    std::erase_if(seen_at_once, is_other);
    std::erase_if(seen_sliced, is_other);
    CHECK(seen_at_once.size() == model.windows.size());
    std::map<std::pair<std::string, long long>, std::uint64_t> totals;
    for (const auto& line : seen_at_once) {
        char symbol = 0;
        long long start = 0;
        unsigned long long count = 0;
        REQUIRE(std::sscanf(line.c_str(), "%c %lld %llu", &symbol, &start, &count) == 3);
        totals[{std::string(1, symbol), start}] += count;
    }
    CHECK(totals == model.windows);
    CHECK(seen_at_once == seen_sliced);
}

}  // namespace

TEST_CASE("windows of a union agree with a computation of all that was on time") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto some = [](const trade& t) { return naive_union::is_taken(ms_of(t.time)); };
    for (int round = 0; round < 240; ++round) {
        INFO("round " << round);
        const auto source = [](const char* name, long long out_of_order) {
            return from<trade>(name, disorder{std::chrono::milliseconds{out_of_order}},
                               idle_timeout{1s});
        };
        const auto late_policy = late_to("late");
        const long long size = 5 + static_cast<long long>(random() % 50);
        const tumbling each_size{std::chrono::milliseconds{size}};
        std::array<long long, 4> d{};
        for (auto& each : d) each = static_cast<long long>(random() % 40);
        const std::vector<naive_union::input> inputs{
            {d[0], true}, {d[1], false}, {d[2], true}, {d[3], true}};
        const bool is_limited = random() % 2 == 0;
        const long long lag = static_cast<long long>(random() % 80);
        const max_lag option{is_limited ? std::chrono::milliseconds{lag} : duration::max()};
        const auto first = [&](std::size_t n) {
            return naive_union{size,
                               {inputs.begin(), inputs.begin() + static_cast<long>(n)},
                               is_limited ? lag : 1'000'000};
        };
        switch (round % 3) {
            case 0:
                check_union(
                    [&] {
                        return counts(union_of(source("A", d[0]),
                                               source("B", d[1]) | millrace::filter(some), option),
                                      each_size, late_policy);
                    },
                    first(2), random);
                break;
            case 1:
                check_union(
                    [&] {
                        return counts(
                            union_of(source("A", d[0]), source("B", d[1]) | millrace::filter(some),
                                     source("C", d[2]), option),
                            each_size, late_policy);
                    },
                    first(3), random);
                break;
            default:
                check_union(
                    [&] {
                        return counts(
                            union_of(source("A", d[0]), source("B", d[1]) | millrace::filter(some),
                                     source("C", d[2]), source("D", d[3]), option),
                            each_size, late_policy);
                    },
                    first(4), random);
        }
    }
}

TEST_CASE("final_only behind a union waits for the longest lateness of its inputs") {
    const auto counted = [](const char* name, duration patience) {
        return from<trade>(name, any_time) | key_by(&trade::symbol) |
               window(tumbling{10ms}, lateness{patience}, drop_late) | process<count>();
    };
    for (const bool is_first_longer : {true, false}) {
        double sum = 0;
        auto running = start(union_of(counted("A", is_first_longer ? 50ms : 1ms),
                                      counted("B", is_first_longer ? 1ms : 50ms)) |
                                 final_only() | window(tumbling{20ms}, drop_late) |
                                 process<millrace::sum<at<"count">>>(),
                             [&](const auto& row) { sum += at<"sum">(row); });
        auto [a, b] = running.sources();
        for (int i = 0; i < 12; ++i) {
            a.push({"a", 1, 1, at_ms(10 * i)});
            b.push({"a", 1, 1, at_ms(10 * i)});
        }
        CHECK_FALSE(running.finish());
        CHECK(sum == 24);
        CHECK(running.stats().late == 0);
    }
}
