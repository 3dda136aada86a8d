#include <cstdint>
#include <new>
#include <random>
#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

#include "counted_new.hpp"
#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

#if MILLRACE_COUNTS_ALLOCATIONS
namespace {

struct ignore {
    template <class... Rows>
    void operator()(const Rows&...) const {}
};

struct set_timers {
    void operator()(auto& ctx, const trade& t) const {
        ++ctx.state();
        ctx.timer_at(t.time + std::chrono::milliseconds{static_cast<int>(t.price) % 50});
    }
};
struct told {
    void operator()(auto& ctx, timestamp at) const { ctx.emit({"t", 1, 1, at}); }
};

/// One allocation after another fails, each in a stream of its own.
template <class Make>
void check_each(Make make) {
    const auto seed = test_seed();
    INFO("seed " << seed);
    struct input {
        std::string key;
        double price;
        timestamp time;
        std::uint64_t producer;
    };
    std::mt19937 random{seed};
    std::vector<input> inputs;
    long long now = 0;
    for (int i = 0; i < 400; ++i) {
        std::string key = "k" + std::to_string(random() % 30);
        if (random() % 3 == 0) key += " and more than a string holds in itself";
        now += static_cast<long long>(random() % 40);
        const timestamp time = at_ms(now - static_cast<long long>(random() % 100));
        inputs.push_back({key, static_cast<double>(random() % 100), time, random() % 4});
    }
    std::size_t failures = 0;
    for (std::size_t fails = 1; fails < 120; ++fails) {
        auto running = start(make(), ignore{});
        failing_allocation = allocation_count + fails;
        for (const input& each : inputs) {
            try {
                running.push({each.key, each.price, 1, each.time}, each.producer);
            } catch (const std::bad_alloc&) {
                ++failures;
            }
        }
        failing_allocation = 0;
        CHECK_NOTHROW(running.finish());
        CHECK(running.stats().open_windows == 0);
    }
    CHECK(failures > 20);
}

}  // namespace

TEST_CASE("an allocation that fails costs what it was for, and nothing later") {
    const disorder some{50ms};
    SECTION("tumbling") {
        check_each([&] {
            return from<trade>("t", some) | key_by(&trade::symbol) |
                   window(tumbling{100ms}, lateness{50ms}, drop_late) | process<count>();
        });
    }
    SECTION("tumbling, a time a key") {
        check_each([&] {
            return from<trade>("t", some, per_key(&trade::symbol)) | key_by(&trade::symbol) |
                   window(tumbling{100ms}, drop_late) | process<count>();
        });
    }
    SECTION("sliding") {
        check_each([&] {
            return from<trade>("t", some) | key_by(&trade::symbol) |
                   window(sliding{100ms, 50ms}, drop_late) | process<count>();
        });
    }
    SECTION("sessions of producers") {
        check_each([&] {
            return from<trade>("t", some, by_producer{}) | key_by(&trade::symbol) |
                   window(session{50ms}, drop_late) | process<count>();
        });
    }
    SECTION("timers") {
        check_each([&] {
            return from<trade>("t", some) | key_by(&trade::symbol) |
                   process_with_state<int, trade>(set_timers{}, told{});
        });
    }
}
#endif
