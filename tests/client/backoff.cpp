#include <millrace/client/backoff.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "catch.hpp"

using millrace::detail::backoff;
using namespace std::chrono_literals;

namespace {

/// Gives the greatest number it can, or the least.
struct extreme {
    using result_type = std::uint32_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT32_MAX; }
    result_type operator()() { return value; }
    result_type value;
};

}  // namespace

TEST_CASE("each wait may be twice as long as the one before, up to the cap") {
    backoff longest{{.base = 100ms, .cap = 1500ms}}, shortest{{.base = 100ms, .cap = 1500ms}};
    extreme most{UINT32_MAX}, least{0};
    for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1500ms, 1500ms, 1500ms}) {
        CHECK(longest.next(most) == expected);
        CHECK(shortest.next(least) == 0ns);
    }
}

TEST_CASE("waits are spread evenly from nothing to the longest") {
    std::mt19937 random{test_seed()};
    CAPTURE(test_seed());
    const auto longest_seconds = std::vector{0.1, 0.2, 0.4, 0.4};
    constexpr int draws = 4000;
    for (std::size_t n = 0; n != longest_seconds.size(); ++n) {
        CAPTURE(n);
        std::vector<double> waits;
        for (int i = 0; i != draws; ++i) {
            backoff tries{{.base = 100ms, .cap = 400ms}};
            for (std::size_t skipped = 0; skipped != n; ++skipped)
                static_cast<void>(tries.next(random));
            waits.push_back(std::chrono::duration<double>(*tries.next(random)).count());
        }
        // Kolmogorov and Smirnov: beyond 2.2 / sqrt(draws) in one of 10,000 even samples.
        std::sort(waits.begin(), waits.end());
        double distance = 0;
        for (std::size_t i = 0; i != waits.size(); ++i)
            distance = std::max(distance, std::abs(waits[i] / longest_seconds[n] -
                                                   (static_cast<double>(i) + 0.5) / draws));
        CHECK(distance < 2.2 / std::sqrt(draws));
    }
}

TEST_CASE("a backoff gives up after so many attempts in a row, and starts anew") {
    extreme most{UINT32_MAX};
    backoff tries{{.base = 1ms, .cap = 1s, .max_attempts = 3}};
    for (int round = 0; round != 2; ++round) {
        CHECK(tries.next(most) == 1ms);
        CHECK(tries.next(most) == 2ms);
        CHECK(tries.next(most) == 4ms);
        CHECK(!tries.next(most));
        CHECK(!tries.next(most));
        tries.reset();
    }
    backoff never{{.max_attempts = 0}};
    CHECK(!never.next(most));
}

TEST_CASE("the longest cap does not overflow") {
    extreme most{UINT32_MAX};
    constexpr auto cap = millrace::detail::longest_time;
    backoff tries{{.base = cap / 3, .cap = cap}};
    for (int i = 0; i != 100; ++i) CHECK(*tries.next(most) > 0s);
    CHECK(*tries.next(most) > cap - 1s);
}

TEST_CASE("a backoff without sense is refused") {
    CHECK_THROWS_AS(backoff({.base = 0ms}), std::invalid_argument);
    CHECK_THROWS_AS(backoff({.base = 2s, .cap = 1s}), std::invalid_argument);
    CHECK_THROWS_AS(backoff({.cap = std::chrono::milliseconds::max()}), std::invalid_argument);
    CHECK_THROWS_AS(backoff({.stable_after = std::chrono::milliseconds::max()}),
                    std::invalid_argument);
    CHECK_THROWS_AS(backoff({.stable_after = -1ms}), std::invalid_argument);
}
