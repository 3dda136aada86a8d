#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/run.hpp>

#include "catch.hpp"
#include "counted_new.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr auto ignore = [](const auto&) {};

/// Counts its events, and keeps two timers ahead of them.
struct busy {
    void on_event(auto& ctx, const trade& t) const {
        ++ctx.state();
        ctx.timer_at(t.time + 3ms);
        ctx.wall_timer_at(ctx.now() + 2ms);
    }
    void on_timer(auto& ctx, timestamp at) const { ctx.emit({"timer", 1, 1, at}); }
    void on_wall_timer(auto& ctx, timestamp at) const { ctx.emit({"wall timer", 1, 1, at}); }
};

stage_stats own_stage(const auto& running) {
    for (const auto& each : running.stages()) {
        if (each.name.ends_with("process_with_state")) return each;
    }
    throw std::logic_error{"no such stage"};
}

constexpr auto number_of = [](const trade& t) { return static_cast<std::int64_t>(t.price); };

}  // namespace

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("events and timers of keys that are known allocate nothing") {
    manual_clock clock{at_ms(0)};
    std::size_t given = 0;
    auto running = start(
        from<trade>("t", any_time) | key_by(&trade::symbol) |
            process_with_state<long long>(busy{}, time_to_live{1h}),
        [&](const trade&) { ++given; }, clock_view{clock});
    std::vector<std::string> names;
    for (int i = 0; i < 300; ++i) names.push_back("a name that is long " + std::to_string(i));
    std::size_t before = 0;
    for (int ms = 0; ms < 200; ++ms) {
        if (ms == 50) before = allocation_count;
        for (const auto& name : names) running.push({name, 1, 1, at_ms(ms)});
        clock.advance(1ms);
        running.tick();
    }
    CHECK(allocation_count == before);
    CHECK(given > 300 * 2 * 190);
}
#endif

TEST_CASE("an archive that is cut or damaged is refused, and what it leaves is not used") {
    manual_clock clock{at_ms(0)};
    const auto make = [&] {
        return start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                         process_with_state<std::string>(
                             [](auto& ctx, const trade& t) {
                                 ctx.state() += t.symbol;
                                 ctx.timer_at(t.time + 5ms);
                                 ctx.wall_timer_at(ctx.now() + 5ms);
                             },
                             [](auto& ctx, timestamp) { ctx.erase(); },
                             on_wall_timer{[](auto& ctx, timestamp) { ctx.state() += "w"; }},
                             time_to_live{1s}, max_keys{4}, evict_least_recent),
                     ignore, clock_view{clock});
    };
    const auto check_works = [&](auto& running) {
        for (const char* key : {"a", "f", "g", "h", "i"}) running.push({key, 1, 1, at_ms(50)});
        running.advance(at_ms(60));
        clock.advance(10ms);
        running.tick();
        const pipeline_stats stats = running.stats();
        REQUIRE(stats.keys <= 4);
        REQUIRE(stats.timers <= 8);
    };
    const auto check_refuses = [](auto& running) {
        REQUIRE_THROWS_AS((running.push({"a", 1, 1, at_ms(50)})), std::logic_error);
        REQUIRE_THROWS_AS(running.tick(), std::logic_error);
        REQUIRE_THROWS_AS(running.stats(), std::logic_error);
    };
    auto first = make();
    for (const char* key : {"a", "b", "a", "c", "d", "e"}) first.push({key, 1, 1, at_ms(1)});
    const std::string saved = save(first);
    REQUIRE(first.stats().keys == 4);
    for (std::size_t size = 0; size < saved.size(); ++size) {
        auto cut = make();
        cut.push({"before", 1, 1, at_ms(1)});
        input_archive ar{std::string_view{saved}.substr(0, size)};
        ar(cut);
        REQUIRE(ar.error() == errc::archive_truncated);
        check_refuses(cut);
    }
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int i = 0; i < 1'000; ++i) {
        std::string damaged = saved;
        damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
        auto running = make();
        input_archive ar{damaged};
        ar(running);
        if (ar.ok()) {
            check_works(running);
        } else {
            check_refuses(running);
        }
    }
}

TEST_CASE("a key of a megabyte is refused, or held where that is allowed, and given back") {
    const std::string key(1 << 20, 'k');
    const auto make = [](auto... limit) {
        return start(from<trade>("t", any_time) | key_by(&trade::symbol, limit...) |
                         process_with_state<long long>([](auto& ctx, const trade& t) {
                             if (t.price == 0) return ctx.erase();
                             ++ctx.state();
                         }),
                     ignore);
    };
    auto usual = make();
    usual.push({key, 1, 1, at_ms(0)});
    CHECK(usual.stats().keys == 0);
    CHECK(usual.stats().refused_keys == 1);

    auto large = make(max_key_bytes{key.size()});
    large.push({"small", 1, 1, at_ms(0)});
    const std::uint64_t before = large.stats().state_bytes;
    large.push({key, 1, 1, at_ms(0)});
    CHECK(own_stage(large).keys == 2);
    CHECK(own_stage(large).state_bytes >= before + key.size());
    CHECK(own_stage(large).state_bytes < before + key.size() + 1'000);
    const std::string saved = save(large);
    auto loaded = make(max_key_bytes{key.size()});
    input_archive ar{saved};
    ar(loaded);
    REQUIRE(ar.ok());
    for (auto* each : {&large, &loaded}) {
        each->push({key, 0, 1, at_ms(0)});
        CHECK(each->stats().keys == 1);
        CHECK(each->stats().state_bytes < before + 1'000);
    }
}

TEST_CASE("a million keys against the cap: they are refused, or others make room") {
    constexpr std::size_t most = 50'000, all = 1'000'000;
    const auto fed_with = [&](auto policy, auto&& check_on_the_way) {
        auto running = start(from<trade>("t", any_time) | key_by("n", number_of) |
                                 process_with_state<std::int32_t>(
                                     [](auto& ctx, const trade& t) {
                                         ++ctx.state();
                                         ctx.timer_at(t.time + 1h);
                                     },
                                     [](auto&, timestamp) {}, max_keys{most}, policy),
                             ignore);
        for (std::size_t i = 0; i < all; ++i) {
            running.push({"", static_cast<double>(i), 1, at_ms(0)});
            if (i == 2 * most) check_on_the_way(own_stage(running));
        }
        return std::pair{own_stage(running), running.stats()};
    };
    std::uint64_t bytes = 0;
    const auto note = [&](const stage_stats& at_the_cap) { bytes = at_the_cap.state_bytes; };

    const auto [refusing, of_refusing] = fed_with(refuse_new_keys, note);
    CHECK(refusing.keys == most);
    CHECK(refusing.timers == most);
    CHECK(refusing.refused == all - most);
    CHECK(refusing.evicted_keys == 0);
    CHECK(refusing.state_bytes == bytes);

    const auto [evicting, of_evicting] = fed_with(evict_least_recent, note);
    CHECK(evicting.keys == most);
    CHECK(evicting.timers == most);
    CHECK(evicting.refused == 0);
    CHECK(evicting.evicted_keys == all - most);
    CHECK(evicting.state_bytes == bytes);
    CHECK(of_evicting.evicted_keys == all - most);
    CHECK(of_evicting.failed == 0);
    CHECK(bytes > most * (sizeof(std::int64_t) + sizeof(std::int32_t) + sizeof(timestamp)));
    CHECK(bytes < most * 400);
}

namespace {

struct fault : std::runtime_error {
    fault() : std::runtime_error{"fault"} {}
};

/// Throws when so many more have been made or archived.
struct fragile {
    static inline int until_fault = -1;
    static void step() {
        if (until_fault >= 0 && until_fault-- == 0) throw fault{};
    }

    long long value = 0;

    fragile() { step(); }
    template <class Archive>
    void archive(Archive& ar) {
        step();
        ar(value);
    }
};

/// What there is of a key.
struct held {
    long long value = 0;
    bool has_state = false;
    std::map<timestamp, bool> timers{};  // and whether it throws

    [[nodiscard]] bool empty() const { return !has_state && timers.empty(); }
};

/// Says of each call what has become of its key, as far as the call came.
struct shadow {
    std::map<std::string, held, std::less<>>* all;
    bool may_evict;
    std::uint64_t* failed;  // events at which it threw

    held& of(auto& ctx) const {
        held& one = (*all)[ctx.key()];
        if (may_evict && !ctx.has_state() && one.has_state) one = {};
        REQUIRE(ctx.has_state() == one.has_state);
        if (one.has_state) REQUIRE(ctx.read().value == one.value);
        return one;
    }
    static void write(auto& ctx, held& to, long long by) {
        ctx.state().value += by;
        to.value = to.has_state ? to.value + by : by;
        to.has_state = true;
    }
    static void set(auto& ctx, held& to, timestamp at, bool throws) {
        REQUIRE(ctx.timer_at(at));
        to.timers[at] = throws;
    }

    void on_event(auto& ctx, const trade& t) const {
        held& one = of(ctx);
        const timestamp at = t.time + std::chrono::milliseconds{static_cast<int>(t.size)};
        switch (static_cast<int>(t.price)) {
            case 0: return;
            case 1: write(ctx, one, 1); return;
            case 2: set(ctx, one, at, false); return;
            case 3: set(ctx, one, at, true); return;
            case 4:
                write(ctx, one, 10);
                ++*failed;
                throw fault{};
            case 5:
                set(ctx, one, at, false);
                ++*failed;
                throw fault{};
            default: ctx.erase(); one = {};
        }
    }
    void on_timer(auto& ctx, timestamp at) const {
        held& one = of(ctx);
        const auto set = one.timers.extract(at);
        REQUIRE_FALSE(set.empty());
        write(ctx, one, 100);
        if (set.mapped()) throw fault{};
    }
};

}  // namespace

TEST_CASE("what functions and states throw loses that call alone, on random streams") {
    const auto seed = test_seed();
    for (unsigned round = 0; round < 200; ++round) {
        INFO("seed " << seed << " round " << round);
        std::mt19937 random{seed + round};
        const auto draw = [&](int below) { return static_cast<int>(random() % unsigned(below)); };
        std::map<std::string, held, std::less<>> all;
        const bool may_evict = draw(2) == 0;
        const bool has_fragile = draw(2) == 0;
        std::uint64_t failed = 0, thrown = 0;
        const max_keys most{may_evict ? 3u : 5u};
        const auto make = [&] {
            fragile::until_fault = -1;
            auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                                     process_with_state<fragile>(shadow{&all, may_evict, &failed},
                                                                 most, evict_least_recent),
                                 ignore);
            return std::make_unique<decltype(running)>(std::move(running));
        };
        /// False where it throws; a state may do so now and then.
        const auto try_out = [&](bool may_break, auto&& call) {
            fragile::until_fault = has_fragile && may_break ? draw(4) : -1;
            bool is_good = true;
            try {
                call();
            } catch (const fault&) {
                is_good = false;
            }
            fragile::until_fault = -1;
            return is_good;
        };
        const auto is_due = [&](const auto& entry, timestamp watermark) {
            return !entry.second.timers.empty() && entry.second.timers.begin()->first < watermark;
        };
        auto running = make();
        const std::array<std::string, 5> names{"a", "b", "c", "d", "e"};
        long long now = 0;
        std::uint64_t pushed = 0;
        for (int step = 0; step < 150; ++step) {
            now += draw(4);
            const trade one{names[static_cast<std::size_t>(draw(5))], double(draw(7)),
                            double(draw(12)), at_ms(now)};
            thrown += !try_out(draw(8) == 0, [&] { running->push(one); });
            ++pushed;
            if (draw(15) == 0) {
                std::string saved;
                const bool is_saved = try_out(draw(2) == 0, [&] { saved = save(*running); });
                if (!is_saved) continue;  // also where a timer threw that was due
                auto loaded = make();
                input_archive ar{saved};
                if (!try_out(draw(2) == 0, [&] { ar(*loaded); })) {
                    REQUIRE_THROWS_AS(loaded->stages(), std::logic_error);
                    loaded = make();
                    input_archive again{saved};
                    again(*loaded);
                    REQUIRE(again.ok());
                } else {
                    REQUIRE(ar.ok());
                }
                running = std::move(loaded);
            }
        }
        // Without faults all goes on, and nothing is there that should not be.
        for (;;) {
            if (try_out(false, [&] { running->advance(at_ms(now)); })) break;
        }
        for (const std::string& name : names)
            REQUIRE(try_out(false, [&] { running->push({name, 0, 0, at_ms(now)}); }));
        for (const auto& entry : all) REQUIRE((may_evict || !is_due(entry, at_ms(now))));
        std::uint64_t keys = 0, timers = 0;
        for (const auto& [name, one] : all) {
            keys += !one.empty();
            timers += one.timers.size();
        }
        const stage_stats own = own_stage(*running);
        REQUIRE((may_evict ? own.keys <= most.value : own.keys == keys));
        REQUIRE((may_evict ? own.timers <= timers : own.timers == timers));
        REQUIRE((own.evicted_keys == 0 || may_evict));
        REQUIRE(running->stats().failed >= failed);
        REQUIRE(running->stats().failed <= (has_fragile ? thrown : failed));
        REQUIRE(running->stats().events == pushed + names.size());
    }
}
