#include <millrace/pipeline/detail/sources/producers.hpp>

#include <map>
#include <memory>
#include <random>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t a = 1, b = 2;

/// Producers whose events are told in milliseconds.
struct told {
    source_time settings{};
    detail::producers all{10, 1h};
    std::chrono::nanoseconds now{};

    long long observe(std::uint64_t id, long long ms) {
        return reached(all.observe(id, at_ms(ms), settings));
    }
    long long idle_but(std::uint64_t busy, long long ms) {
        all.look(now, settings);
        now += settings.idle_after;
        if (busy != 0) all.observe(busy, at_ms(ms), settings);
        all.look(now, settings);
        all.look(now, settings);
        return reached(all.watermark());
    }
    static long long reached(timestamp to) { return to == timestamp::min() ? -1 : ms_of(to); }
};

}  // namespace

TEST_CASE("the golden case of two inputs: the minimum, never back") {
    told of;
    of.observe(b, 0);  // both are there
    CHECK(of.observe(a, 10) == 0);
    CHECK(of.observe(b, 7) == 7);
    CHECK(of.observe(a, 20) == 7);
    CHECK(of.observe(b, 12) == 12);
    CHECK(of.observe(a, 15) == 12);
    CHECK(of.observe(b, 30) == 20);
}

TEST_CASE("the golden case of one that is idle and comes back, which has to catch up") {
    told of;
    of.observe(b, 0);
    of.observe(a, 10);
    CHECK(of.observe(b, 7) == 7);
    CHECK(of.idle_but(a, 10) == 10);
    CHECK(of.observe(a, 20) == 20);
    CHECK(of.observe(b, 12) == 20);
    CHECK(of.observe(b, 15) == 20);
    CHECK(of.observe(a, 25) == 25);
    CHECK(of.observe(b, 26) == 25);
    CHECK(of.observe(a, 30) == 26);
}

TEST_CASE("when all are idle, time has come as far as the furthest, whoever was idle first") {
    for (const std::uint64_t first : {a, b}) {
        told of;
        of.observe(b, 0);
        of.observe(a, 10);
        of.observe(b, 20);
        CHECK(told::reached(of.all.watermark()) == 10);
        const std::uint64_t other = first == a ? b : a;
        of.idle_but(other, other == a ? 10 : 20);
        of.idle_but(0, 0);
        CHECK(told::reached(of.all.watermark()) == 20);
        CHECK(of.all.size() == 0);
    }
}

TEST_CASE("one that leaves holds nobody up") {
    told of;
    of.observe(b, 5);
    of.observe(a, 9);
    CHECK_FALSE(of.all.leave(3, of.settings));
    CHECK(of.all.leave(b, of.settings));
    CHECK(told::reached(of.all.watermark()) == 9);
}

TEST_CASE("producers beyond the limit hold nobody up") {
    detail::producers all{1, 1h};
    const source_time settings;
    all.observe(a, at_ms(10), settings);
    CHECK(all.observe(b, at_ms(3), settings) == at_ms(10));
    CHECK(all.observe(a, at_ms(20), settings) == at_ms(20));
    CHECK(all.size() == 1);
}

TEST_CASE("a producer that lags too far behind the furthest holds nobody up") {
    detail::producers all{10, 60s};
    const source_time settings;
    all.observe(b, at_ms(0), settings);
    CHECK(all.observe(a, at_ms(50'000), settings) == at_ms(0));
    CHECK(all.observe(a, at_ms(70'000), settings) == at_ms(10'000));
    CHECK(all.observe(b, at_ms(9'000), settings) == at_ms(10'000));
    CHECK(all.observe(b, at_ms(65'000), settings) == at_ms(65'000));
}

TEST_CASE("producers are told what the whole source is told, and one step at a time") {
    detail::producers all{10, 1h};
    source_time settings;
    settings.set(max_step{10ms});
    all.advance(at_ms(100));
    CHECK(all.observe(a, at_ms(90), settings) == at_ms(100));
    CHECK(all.observe(a, at_ms(500), settings) == at_ms(110));
    detail::producers loaded{10, 1h};
    REQUIRE_FALSE(load(save(all), loaded));
    CHECK(loaded.watermark() == at_ms(110));
    settings.set(max_step{1h});
    all.leave(a, settings);  // nobody is there: as far as the furthest
    CHECK(all.watermark() == at_ms(500));
}

TEST_CASE("behind a restart there is time for all to come back, whoever is first") {
    told of;
    of.observe(b, 50);
    of.observe(a, 100);
    told again;
    REQUIRE_FALSE(load(save(of.all), again.all));
    CHECK(again.all.size() == 0);
    CHECK(again.observe(7, 101) == 50);  // a
    CHECK(again.observe(7, 200) == 50);
    again.all.leave(7, again.settings);
    CHECK(told::reached(again.all.watermark()) == 50);
    CHECK(again.observe(8, 60) == 50);   // b
    CHECK(again.observe(9, 210) == 50);  // a once more
    told third;
    REQUIRE_FALSE(load(save(again.all), third.all));
    CHECK(third.observe(11, 300) == 50);
    CHECK(third.idle_but(11, 310) == 310);  // b does not come back

    told empty;
    REQUIRE_FALSE(load(save(told{}.all), empty.all));
    CHECK(empty.observe(a, 5) == 5);
}

TEST_CASE("restarts at random make nothing late of producers whose own events are in order") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        source_time settings;
        auto all = std::make_unique<detail::producers>(10, 1h);
        std::map<std::uint64_t, long long> times;
        std::uint64_t run = 0;
        std::chrono::nanoseconds now{};
        for (std::uint64_t id = 0; id < 4; ++id)  // who is not there yet may be late
            times[id] = 1000;
        all->advance(at_ms(1000));
        for (const auto& [id, time] : times) all->observe(id, at_ms(time), settings);
        for (int i = 0; i < 300; ++i) {
            if (random() % 40 == 0) {
                auto loaded = std::make_unique<detail::producers>(10, 1h);
                REQUIRE_FALSE(load(save(*all), *loaded));
                all = std::move(loaded);
                run += 100;
                now = {};
            }
            const std::uint64_t id = random() % 4;
            times[id] += static_cast<long long>(random() % 50);
            REQUIRE(at_ms(times[id]) >= all->watermark());
            all->observe(run + id, at_ms(times[id]), settings);
            if (random() % 3 == 0) all->look(now += 1ms, settings);
        }
        for (const auto& [id, time] : times) all->observe(run + id, at_ms(10'000'000), settings);
        for (const auto step : {0s, 10s, 10s, 10s}) {
            for (const auto& [id, time] : times)
                all->observe(run + id, at_ms(10'000'001), settings);
            all->look(now += step, settings);
        }
        REQUIRE(all->watermark() == at_ms(10'000'001));
    }
}

TEST_CASE("many producers at random are as a minimum over all says") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        source_time settings;
        settings.set(disorder{std::chrono::milliseconds{random() % 20}});
        const duration max_lag = random() % 2 == 0 ? 1h : std::chrono::milliseconds{random() % 90};
        detail::producers all{1000, max_lag};
        std::map<std::uint64_t, timestamp> latest;  // of those that count
        std::map<std::uint64_t, timestamp> behind;
        timestamp reached = timestamp::min(), furthest = timestamp::min();
        const auto follow = [&] {
            timestamp least = furthest;
            for (const auto& [id, time] : latest) least = std::min(least, time);
            if (furthest != timestamp::min()) least = std::max(least, furthest - max_lag);
            if (least != timestamp::min())
                reached = std::max(reached, least - settings.out_of_order);
        };
        long long now = 1'000'000;
        for (int i = 0; i < 400; ++i) {
            const std::uint64_t id = random() % 8;
            now += static_cast<long long>(random() % 10);
            if (random() % 20 == 0) {
                all.leave(id, settings);
                const bool was_there = latest.erase(id) + behind.erase(id) != 0;
                if (was_there) follow();
            } else {
                const timestamp time = at_ms(now - static_cast<long long>(random() % 100));
                all.observe(id, time, settings);
                furthest = std::max(furthest, time);
                timestamp& own = latest.contains(id) ? latest[id] : behind[id];
                own = behind.contains(id) && own == timestamp{} ? time : std::max(own, time);
                if (behind.contains(id) && own - settings.out_of_order >= reached) {
                    latest[id] = own;
                    behind.erase(id);
                }
                if (latest.contains(id)) follow();
            }
            REQUIRE(all.watermark() == reached);
        }
    }
}
