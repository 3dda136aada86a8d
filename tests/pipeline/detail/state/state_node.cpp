#include <millrace/pipeline/detail/state/state_node.hpp>

#include <memory>
#include <random>

#include "../../fed.hpp"
#include "../../naive.hpp"
#include "../../stateful.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::string out_text(auto at, auto end) {
    if (at == end) return "nothing";
    return std::to_string(at->what) + " " + std::to_string(at->value) + " " +
           std::to_string(ms_of(at->time)) + " " + std::to_string(ms_of(at->watermark)) + " " +
           std::to_string(ms_of(at->stamp.time)) + " " + std::to_string(ms_of(at->stamp.watermark));
}

/// What a pipeline says of random events, and what is right.
template <bool IsPerKey>
void check_random(unsigned seed) {
    CAPTURE(seed, IsPerKey);
    std::mt19937 random{seed};
    const auto draw = [&](int below) {
        return static_cast<long long>(random()) % static_cast<long long>(below);
    };
    const auto ms = [](long long count) { return std::chrono::milliseconds{count}; };

    naive_states right{IsPerKey, ms(draw(3) * 4), {draw(2) == 0}};
    const time_to_live lives{draw(2) == 0 ? duration::max() : ms(1 + draw(30)), draw(2) == 0};
    const max_timers limit{static_cast<std::size_t>(1 + draw(6))};
    right.settings.set(lives);
    right.settings.set(limit);
    const bool is_sliced = !right.function.throws && draw(2) == 0;

    manual_clock clock{at_ms(draw(8))};
    right.now = clock.wall();
    const auto ignore = [](const auto&) {};
    std::vector<naive_states::spoken> out;
    bool has_late = false;
    const auto make = [&] {
        const auto behind = process_with_state<long long, said>(right.function, lives, limit) |
                            note_said{out, has_late};
        if constexpr (IsPerKey) {
            auto running = start(
                from<trade>("t", per_key(&trade::symbol), any_time, disorder{right.disorder}) |
                    key_by(&trade::symbol) | behind,
                ignore, clock_view{clock});
            return std::make_unique<decltype(running)>(std::move(running));
        } else {
            auto running = start(from<trade>("t", any_time, disorder{right.disorder}) |
                                     key_by(&trade::symbol) | behind,
                                 ignore, clock_view{clock});
            return std::make_unique<decltype(running)>(std::move(running));
        }
    };
    auto running = make();
    if (is_sliced) running->close_in_slices(2);

    const std::vector<std::string> names{"a", "b", "c", "d"};
    long long now = draw(2) * 2000 - 1000;
    const auto is_good = [&](auto&& call) {
        try {
            call();
            return true;
        } catch (const std::runtime_error&) {
            return false;
        }
    };
    for (int step = 0; step < 150; ++step) {
        if (draw(40) == 0) {
            now += draw(100);
            const timestamp to = at_ms(now - draw(20));
            REQUIRE(is_good([&] { running->advance(to); }) == right.advance(to));
        }
        if (draw(12) == 0) {
            clock.advance(ms(draw(8)));
            REQUIRE(is_good([&] { running->tick(); }) == right.wall_time(clock.wall()));
        }
        if (draw(30) == 0) {
            std::string saved;
            while (!is_good([&] { saved = save(*running); })) REQUIRE_FALSE(right.catch_up());
            REQUIRE(right.catch_up());
            running = make();
            if (is_sliced) running->close_in_slices(2);
            input_archive ar{saved};
            ar(*running);
            REQUIRE(ar.ok());
        }
        if (is_sliced && draw(3) == 0) running->resume();
        now += draw(4);
        const trade one{names[static_cast<std::size_t>(draw(4))], static_cast<double>(draw(12)),
                        static_cast<double>(draw(16)), at_ms(now - draw(12))};
        if (is_good([&] { running->push(one); }) != right.push(one)) FAIL("step " << step);
    }
    while (running->is_behind()) static_cast<void>(is_good([&] { running->resume(); }));
    while (!right.catch_up()) continue;

    REQUIRE_FALSE(has_late);
    REQUIRE(running->stats().refused_timers == right.refused_timers);
    for (const std::string& name : names) {
        const auto of_name = [&](auto all) {
            std::erase_if(all, [&](const auto& each) { return each.key != name; });
            return all;
        };
        const auto got = of_name(out), due = of_name(right.out);
        const auto [differs, from] = std::ranges::mismatch(got, due);
        CAPTURE(name, differs - got.begin(), out_text(differs, got.end()));
        CAPTURE(out_text(from, due.end()));
        REQUIRE(got == due);
    }
}

}  // namespace

TEST_CASE("states and timers are those of a naive model, with one time for all keys") {
    for (unsigned i = 0; i < 200; ++i) check_random<false>(Catch::rngSeed() + i);
}

TEST_CASE("states and timers are those of a naive model, with a time for each key") {
    for (unsigned i = 0; i < 200; ++i) check_random<true>(Catch::rngSeed() + i);
}

namespace {

template <class Running>
struct driven {
    Running running;

    void push(std::string_view symbol, long long ms) { running.push({symbol, 1, 1, at_ms(ms)}); }
    void advance(long long ms) { running.advance(at_ms(ms)); }
    [[nodiscard]] pipeline_stats stats() const { return running.stats(); }
};

/// Runs functions that note what they do, behind a source of any time.
auto noted(auto on_event, auto on_timer, auto... options) {
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                         process_with_state<long long>(on_event, on_timer, options...));
    return driven<decltype(running)>{std::move(running)};
}

const auto set_no_timer = [](auto&, timestamp) {};

}  // namespace

TEST_CASE("golden case: a timer fires when the watermark is past it, in time order") {
    std::vector<long long> fired;
    auto one = noted(
        [](auto& ctx, const trade&) {
            for (const int at : {10, 10, 7}) CHECK(ctx.timer_at(at_ms(at)));
        },
        [&](auto& ctx, timestamp at) {
            CHECK(ctx.time() == at);
            fired.push_back(ms_of(at));
            if (at == at_ms(10)) ctx.timer_at(at_ms(11));
        });
    one.push("a", 0);
    CHECK(one.stats().timers == 2);
    one.advance(7);
    CHECK(fired.empty());
    one.advance(8);
    CHECK(fired == std::vector<long long>{7});
    one.advance(12);
    CHECK(fired == std::vector<long long>{7, 10, 11});
    CHECK(one.stats().keys == 0);
}

TEST_CASE("golden case: a state lives for its time, from a write, or from a read too") {
    std::vector<bool> had;
    const auto write_first = [&](auto& ctx, const trade& t) {
        if (t.time == at_ms(0)) {
            ctx.state() = 1;
        } else {
            had.push_back(ctx.has_state());
            CHECK(ctx.read() == (had.back() ? 1 : 0));
        }
    };
    auto by_write = noted(write_first, set_no_timer, time_to_live{10ms});
    for (const int at : {0, 9, 10}) by_write.push("a", at);
    CHECK(had == std::vector<bool>{true, false});
    had.clear();
    auto by_read = noted(write_first, set_no_timer,
                         time_to_live{.value = 10ms, .is_renewed_by_reading = true});
    for (const int at : {0, 9, 18, 28}) by_read.push("a", at);
    CHECK(had == std::vector<bool>{true, true, false});
}

TEST_CASE("states that are over are freed a few keys an event") {
    auto many =
        noted([](auto& ctx, const trade&) { ctx.state() = 1; }, set_no_timer, time_to_live{10ms});
    for (int i = 0; i < 100; ++i) many.push("old " + std::to_string(i), 0);
    for (int i = 0; i < 40; ++i) {
        const std::uint64_t before = many.stats().keys;
        many.push("new", 10 + i);
        CHECK(many.stats().keys + 8 >= before);
    }
    CHECK(many.stats().keys == 1);
}

TEST_CASE("an event of a further key is refused, or the key goes that was not seen for longest") {
    strings seen;
    const auto count = [&](auto& ctx, const trade&) {
        seen.push_back(ctx.key() + std::to_string(++ctx.state()));
        ctx.timer_at(at_ms(1'000));
    };
    const auto note_timer = [&](auto& ctx, timestamp) { seen.push_back("timer " + ctx.key()); };
    auto refusing = noted(count, note_timer, max_keys{2});
    for (const char* key : {"a", "b", "c", "a"}) refusing.push(key, 1);
    CHECK(seen == strings{"a1", "b1", "a2"});
    CHECK(refusing.stats().refused_keys == 1);
    CHECK(refusing.stats().evicted_keys == 0);

    seen.clear();
    auto evicting = noted(count, note_timer, max_keys{2}, evict_least_recent);
    for (const char* key : {"a", "b", "c", "b", "d", "a"}) evicting.push(key, 1);
    CHECK(seen == strings{"a1", "b1", "c1", "b2", "d1", "a1"});
    CHECK(evicting.stats().refused_keys == 0);
    CHECK(evicting.stats().evicted_keys == 3);
    CHECK(evicting.stats().timers == 2);
}

TEST_CASE("a key has so many timers at a time, and sets so many that are due at once") {
    int calls = 0;
    auto forward = noted(
        [](auto& ctx, const trade& t) {
            ctx.state() = 1;
            for (int i = 1; i <= 5; ++i) CHECK(ctx.timer_at(t.time + i * 1ms) == (i <= 3));
            CHECK(ctx.timer_at(t.time + 1ms));
        },
        [&](auto&, timestamp) { ++calls; }, max_timers{3});
    forward.push("a", 0);
    CHECK(forward.stats().refused_timers == 2);
    CHECK(forward.stats().timers == 3);
    forward.advance(100);
    CHECK(calls == 3);

    calls = 0;
    auto endless = noted([](auto& ctx, const trade& t) { ctx.timer_at(t.time); },
                         [&](auto& ctx, timestamp at) {
                             ++calls;
                             ctx.timer_at(calls % 2 == 0 ? at : at - 1ms);
                         },
                         max_timers{10});
    endless.push("a", 0);
    endless.advance(100);
    CHECK(calls == 11);
    CHECK(endless.stats().refused_timers == 1);
    CHECK(endless.stats().timers == 0);
}

TEST_CASE("a timer that sets itself again makes no call endless, however far time leaps") {
    long long calls = 0, refused = 0;
    const auto set = [](auto& ctx, const trade& t) { ctx.timer_at(t.time + 1s); };
    const long long years = 50LL * 365 * 86'400'000;
    auto each = noted(set, [&](auto& ctx, timestamp at) {
        ++calls;
        if (!ctx.timer_at(at + 1s)) ++refused;
    });
    each.push("a", 0);
    for (int i = 1; i <= 5; ++i) each.advance(i * 500'000);  // as often as they like, from then on
    CHECK(calls == 2499);
    CHECK(refused == 0);
    each.push("b", years);
    CHECK(calls == 2499 + 1001);
    CHECK(refused == 1);
    CHECK(each.stats().refused_timers == 1);

    calls = 0;
    auto leaping = noted(set, [&](auto& ctx, timestamp at) {
        ++calls;
        CHECK(ctx.timer_at(std::max(at, ctx.watermark()) + 1s));
    });
    leaping.push("a", 0);
    leaping.push("b", years);
    CHECK(calls == 1);
    leaping.advance(years + 1'001);
    CHECK(calls == 3);  // also of b
}

TEST_CASE("a wall timer that sets itself again makes no tick endless") {
    manual_clock clock{at_ms(0)};
    long long calls = 0;
    auto running = start(
        from<trade>("t", any_time) | key_by(&trade::symbol) |
            process_with_state<long long>(
                [](auto& ctx, const trade&) { ctx.wall_timer_at(ctx.now() + 1s); },
                on_wall_timer{[&](auto& ctx, timestamp at) {
                    ++calls;
                    ctx.wall_timer_at(at + 1s);
                }}),
        [](const auto&) {}, clock_view{clock});
    running.push({"a", 1, 1, at_ms(0)});
    clock.advance(24h * 365);
    running.tick();
    CHECK(calls == 1001);
    CHECK(running.stats().refused_timers == 1);
}

TEST_CASE("a timer that sets itself again ends with all time") {
    int calls = 0;
    auto periodic = noted([](auto& ctx, const trade& t) { ctx.timer_at(t.time + 1s); },
                          [&](auto& ctx, timestamp at) {
                              ++calls;
                              ctx.timer_at(at + 1s);
                          });
    periodic.push("a", 0);
    periodic.advance(5'001);
    CHECK(calls == 5);
    periodic.running.advance(timestamp::max());
    CHECK(calls == 6);
    CHECK(periodic.stats().refused_timers == 1);
}

TEST_CASE("finish fires no timer: they are saved, and fire in the pipeline that loads them") {
    strings fired;
    const auto set = [](auto& ctx, const trade& t) {
        ctx.state() = static_cast<long long>(t.price);
        ctx.timer_at(t.time + 5ms);
    };
    const auto note = [&](auto& ctx, timestamp) {
        fired.push_back(ctx.key() + std::to_string(ctx.read()));
    };
    auto first = noted(set, note), second = noted(set, note);
    first.push("b", 2);
    first.push("a", 1);
    CHECK_FALSE(first.running.finish());
    CHECK(fired.empty());
    const std::string saved = save(first.running);
    input_archive ar{saved};
    ar(second.running);
    REQUIRE(ar.ok());
    CHECK(second.stats().timers == 2);
    second.advance(100);
    CHECK(fired == strings{"a1", "b1"});

    for (std::size_t size = 0; size < saved.size(); ++size) {
        auto cut = noted(set, note);
        input_archive part{std::string_view{saved}.substr(0, size)};
        part(cut.running);
        CHECK_FALSE(part.ok());
    }
}

TEST_CASE("what a function throws loses its event or timer alone") {
    strings seen;
    auto faulty = noted(
        [&](auto& ctx, const trade& t) {
            ++ctx.state();
            ctx.timer_at(t.time);
            if (ctx.read() == 2) throw std::runtime_error{"2"};
            seen.push_back(ctx.key() + std::to_string(ctx.read()));
        },
        [&](auto& ctx, timestamp at) {
            if (at == at_ms(1)) throw std::runtime_error{"1"};
            seen.push_back("timer " + ctx.key() + std::to_string(ms_of(at)));
        });
    faulty.push("a", 0);
    CHECK_THROWS_AS(faulty.push("a", 0), std::runtime_error);
    faulty.push("a", 0);
    CHECK(seen == strings{"a1", "a3"});
    seen.clear();
    faulty.push("b", 1);
    CHECK_THROWS_AS(faulty.push("d", 2), std::runtime_error);
    faulty.push("c", 3);
    CHECK(seen == strings{"b1", "timer a0", "d1", "c1", "timer d2"});
}

TEST_CASE("timers fire in slices") {
    std::vector<long long> fired;
    auto sliced = noted([](auto& ctx, const trade& t) { ctx.timer_at(t.time); },
                        [&](auto&, timestamp at) { fired.push_back(ms_of(at)); });
    sliced.running.close_in_slices(2);
    for (int i = 0; i < 5; ++i) sliced.push(std::to_string(i), 0);
    sliced.advance(1);
    CHECK(fired.size() == 2);
    CHECK(sliced.running.is_behind());
    CHECK_FALSE(sliced.running.resume());
    CHECK(fired.size() == 4);
    sliced.push("x", 7);
    CHECK(fired == std::vector<long long>(5, 0));
    CHECK_FALSE(sliced.running.is_behind());
}

TEST_CASE("what timers give is in the windows behind before these close") {
    strings out;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             process_with_state<long long>(
                                 [](auto& ctx, const trade& t) { ctx.timer_at(t.time + 5ms); },
                                 [](auto& ctx, timestamp at) {
                                     ctx.emit({ctx.key(), 1, 1, at});
                                 }) |
                             window(tumbling{10ms}, drop_late) | process<count>(),
                         note_rows{&out});
    for (const int at : {1, 2, 7, 100}) running.push({"a", 1, 1, at_ms(at)});
    CHECK(out == strings{"a 0 2 0 watermark", "a 10 1 0 watermark"});
    CHECK(running.stats().late == 0);
}

TEST_CASE("a stream without a key has one state") {
    long long last = 0;
    auto running = start(from<trade>("t", any_time) |
                         process_with_state<long long>(
                             [&](auto& ctx, const trade&) { last = ++ctx.state(); }, set_no_timer,
                             time_to_live{10ms}, max_keys{1}, evict_least_recent));
    for (const char* symbol : {"a", "b", "c"}) running.push({symbol, 1, 1, at_ms(0)});
    CHECK(last == 3);
    for (int i = 0; i < 3; ++i) running.push({"d", 1, 1, at_ms(100)});
    CHECK(last == 3);
}

TEST_CASE("a key that is evicted from its source begins anew") {
    strings seen;
    auto running = start(from<trade>("t", per_key(&trade::symbol), max_keys{1}, any_time) |
                         key_by(&trade::symbol) |
                         process_with_state<long long>(
                             [&](auto& ctx, const trade& t) {
                                 seen.push_back(ctx.key() + std::to_string(++ctx.state()));
                                 ctx.timer_at(t.time + 5ms);
                             },
                             [&](auto&, timestamp) { seen.push_back("timer"); }));
    for (const char* symbol : {"a", "b", "a"}) running.push({symbol, 1, 1, at_ms(0)});
    CHECK(seen == strings{"a1", "b1", "a1"});
    CHECK(running.stats().keys == 1);
    CHECK(running.stats().timers == 1);
}
