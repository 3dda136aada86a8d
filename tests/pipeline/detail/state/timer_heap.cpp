#include <millrace/pipeline/detail/state/timer_heap.hpp>

#include <random>
#include <set>
#include <utility>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

timestamp at(long long t) { return timestamp{duration{t}}; }

}  // namespace

TEST_CASE("timers come in the order of their times, then of their keys' numbers") {
    const unsigned seed = Catch::rngSeed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 50; ++round) {
        detail::timer_heap timers;
        std::set<std::pair<timestamp, std::uint32_t>> right;
        for (int step = 0; step < 500; ++step) {
            const auto key = static_cast<std::uint32_t>(random() % 9);
            const timestamp time = at(static_cast<long long>(random() % 60) - 10);
            const auto draw = random() % 20;
            REQUIRE(timers.holds(key, time) == right.contains({time, key}));
            if (draw < 9) {
                if (right.emplace(time, key).second) timers.add(key, time);
            } else if (draw < 11) {
                if (right.erase({time, key}) == 1) timers.remove(key, time);
            } else if (draw == 11) {
                timers.clear(key);
                std::erase_if(right, [&](const auto& each) { return each.second == key; });
            } else if (draw == 12) {
                REQUIRE_FALSE(load(save(timers), timers));
            } else if (!right.empty()) {
                const auto [first, of] = *right.begin();
                REQUIRE(timers.has_before(first + duration{1}));
                REQUIRE(timers.has_before(first + duration{1}, of));
                REQUIRE_FALSE(timers.has_before(first));
                REQUIRE(timers.first_key() == of);
                REQUIRE(timers.earliest(of) == first);
                timers.remove(of, first);
                right.erase(right.begin());
            }
            REQUIRE(timers.size() == right.size());
            REQUIRE(timers.has_before(timestamp::max()) == !right.empty());
        }
    }
}

TEST_CASE("times of timers that are out of order are no archive") {
    detail::key_timers timers;
    timers.add(at(1));
    timers.add(at(2));
    std::string saved = save(timers);
    CHECK_FALSE(load(saved, timers));
    saved[8] = 2;
    CHECK(load(saved, timers) == errc::archive_corrupt);
    CHECK(timers.earliest() == at(1));
}
