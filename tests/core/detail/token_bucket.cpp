#include <millrace/core/detail/token_bucket.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Counts tokens in units of a billionth, of which `per_second` come a nanosecond.
struct counted_tokens {
    std::int64_t per_second, burst, level = burst * 1'000'000'000;
    std::chrono::nanoseconds last{};

    bool take(std::chrono::nanoseconds now) {
        level = std::min(burst * 1'000'000'000, level + (now - last).count() * per_second);
        last = now;
        if (level < 1'000'000'000) return false;
        level -= 1'000'000'000;
        return true;
    }
};

}  // namespace

TEST_CASE("a second's tokens come at once, and again after a second, between 1 and 10^9") {
    auto bucket = detail::token_bucket::of_a_second(3);
    const auto take_all = [&](std::chrono::nanoseconds now) {
        int taken = 0;
        while (bucket.take(now)) ++taken;
        return taken;
    };
    CHECK(take_all(std::chrono::seconds{5}) == 3);
    CHECK(take_all(std::chrono::seconds{6}) == 3);
    bucket = detail::token_bucket::of_a_second(0);
    CHECK(take_all(std::chrono::seconds{7}) == 1);
    CHECK_NOTHROW(detail::token_bucket::of_a_second(SIZE_MAX));
}

TEST_CASE("a token bucket gives its burst at once, then its rate") {
    detail::token_bucket bucket{10, 3};
    for (int i = 0; i != 3; ++i) REQUIRE(bucket.take(1s));
    REQUIRE_FALSE(bucket.take(1s));
    REQUIRE_FALSE(bucket.take(1'099'999'999ns));
    REQUIRE(bucket.take(1'100ms));
    REQUIRE_FALSE(bucket.take(1'100ms));

    for (int i = 0; i != 3; ++i) REQUIRE(bucket.take(1h));
    REQUIRE_FALSE(bucket.take(1h));
}

TEST_CASE("a token bucket says how long the next token takes, and when it is full") {
    detail::token_bucket bucket{4, 2};
    REQUIRE(bucket.wait(5s) == 0ns);
    REQUIRE(bucket.full_at() < 0ns);
    REQUIRE(bucket.take(5s));
    REQUIRE(bucket.wait(5s) == 0ns);
    REQUIRE(bucket.take(5s));
    REQUIRE(bucket.wait(5s) == 250ms);
    REQUIRE(bucket.wait(5'200ms) == 50ms);
    REQUIRE(bucket.full_at() == 5'500ms);
    REQUIRE_FALSE(bucket.take(5'249ms));
    REQUIRE(bucket.take(5'250ms));
}

TEST_CASE("a clock that goes back gives a token bucket no tokens") {
    detail::token_bucket bucket{1, 1};
    REQUIRE(bucket.take(100s));
    REQUIRE_FALSE(bucket.take(50s));
    REQUIRE_FALSE(bucket.take(100s));
    REQUIRE(bucket.take(101s));
}

TEST_CASE("a token bucket agrees with one that counts tokens") {
    CAPTURE(test_seed());
    std::mt19937_64 random{test_seed()};
    for (const std::int64_t rate : {1, 2, 5, 8, 1'000, 1'000'000, 1'000'000'000}) {
        for (const std::int64_t burst : {1, 2, 7, 100}) {
            detail::token_bucket bucket{static_cast<double>(rate), burst};
            counted_tokens expected{rate, burst};
            std::exponential_distribution<double> gap{static_cast<double>(rate) / 1e9};
            std::chrono::nanoseconds now{};
            int taken = 0;
            for (int i = 0; i != 500; ++i) {
                now += std::chrono::nanoseconds{static_cast<std::int64_t>(gap(random))};
                CAPTURE(rate, burst, now.count());
                const bool is_free = bucket.wait(now) == 0ns;
                const bool is_taken = bucket.take(now);
                REQUIRE(is_taken == expected.take(now));
                REQUIRE(is_free == is_taken);
                taken += is_taken;
            }
            REQUIRE(taken >= burst);
        }
    }
}

TEST_CASE("a token bucket refuses settings that make no sense") {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    for (const double rate : {0.0, -1.0, 1.1e9, nan})
        REQUIRE_THROWS_AS((detail::token_bucket{rate, 1}), std::invalid_argument);
    for (const std::int64_t burst : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX})
        REQUIRE_THROWS_AS((detail::token_bucket{1, burst}), std::invalid_argument);
    REQUIRE_THROWS_AS((detail::token_bucket{1e-12, 1}), std::invalid_argument);

    detail::token_bucket slowest{1 / (89 * 365.25 * 86'400), 1};
    const auto today = std::chrono::system_clock::now().time_since_epoch();
    REQUIRE(slowest.take(today));
    REQUIRE_FALSE(slowest.take(today + 24h * 365));
}
