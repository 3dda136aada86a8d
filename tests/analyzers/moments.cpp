#include <millrace/analyzers/moments.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <random>
#include <vector>

#include "streams.hpp"

using millrace::moments;

static_assert([] {
    moments m;
    for (const double x : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) m.add(x);
    return m.count() == 8 && m.mean() == 5 && m.population_variance() == 4;
}());

TEST_CASE("moments of one number and of none") {
    moments m;
    REQUIRE(m.count() == 0);
    REQUIRE(m.mean() == 0);
    REQUIRE(std::isnan(m.sample_variance()));
    REQUIRE(std::isnan(m.population_variance()));
    m.add(3);
    REQUIRE(m.mean() == 3);
    REQUIRE(std::isnan(m.sample_variance()));
    REQUIRE(m.population_variance() == 0);
}

TEST_CASE("moments agree with two passes in a wider type") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(2 + below(1000, random), random);
        const auto n = static_cast<long double>(events.size());
        long double mean = 0, squares = 0;
        for (const reading& event : events) mean += static_cast<long double>(event.value) / n;
        for (const reading& event : events) {
            squares += (static_cast<long double>(event.value) - mean) *
                       (static_cast<long double>(event.value) - mean);
        }
        moments m;
        for (const reading& event : events) m.add(event.value);
        REQUIRE(is_close(m.mean(), static_cast<double>(mean), 1e-14));
        REQUIRE(is_close(m.sample_variance(), static_cast<double>(squares / (n - 1)), 1e-13));
        REQUIRE(is_close(m.population_variance(), static_cast<double>(squares / n), 1e-13));
    }
}

TEST_CASE("moments of numbers that share nearly all their digits") {
    constexpr double big = 1e15;
    moments whole, left, right;
    for (int i = 0; i < 1000; ++i) {
        const double x = big + i % 2;
        whole.add(x);
        (i < 301 ? left : right).add(x);
    }
    left.merge(right);
    REQUIRE(is_close(whole.population_variance(), 0.25, 1e-14));
    REQUIRE(is_close(left.population_variance(), 0.25, 1e-14));
    REQUIRE(whole.mean() == big + 0.5);
}

TEST_CASE("moments forget neither a first number that is far off nor those behind it") {
    moments m;
    m.add(1e10);
    for (int i = 0; i < 1000; ++i) m.add(i % 2);
    // m2 = 1000 / 4 + (1e10 - 0.5)^2 1000 / 1001
    REQUIRE(is_close(m.sample_variance(), (250 + 9999999999.5 * 9999999999.5 * 1000 / 1001) / 1000,
                     1e-13));
    REQUIRE(std::abs(m.mean() - (1e10 + 500) / 1001) < 1e-14 * 1e10);
}

TEST_CASE("moments of huge numbers merge into an empty state") {
    moments huge, empty;
    huge.add(1e200);
    huge.add(1e200);
    empty.merge(huge);
    REQUIRE(empty.mean() == 1e200);
    REQUIRE(empty.sample_variance() == 0);
}

TEST_CASE("moments refuse a negative sum of squares") {
    millrace::output_archive out;
    std::uint64_t count = 2;
    double origin = 0, mean = 1, squares = -1;
    out.version(1);
    out(count, origin, mean, squares);
    moments m;
    REQUIRE(load(out.bytes(), m) == millrace::errc::archive_corrupt);
    REQUIRE(m.count() == 0);
}

TEST_CASE(
    "what an infinite number, or one too large, has spoilt is not 0 once another is taken back") {
    const auto without = [](std::initializer_list<double> all, double gone) {
        moments m;
        for (const double each : all) m.add(each);
        m.remove(gone);
        return m;
    };
    const double inf = std::numeric_limits<double>::infinity();
    CHECK(std::isnan(without({1, 2, inf, 4}, 2).sample_variance()));
    CHECK(std::isnan(without({inf, 1}, 1).population_variance()));
    CHECK_FALSE(without({1, 2, 1e200, 4}, 1).sample_variance() < 1e300);
    CHECK(without({1e9, 3}, 1e9).population_variance() == 0);
}

TEST_CASE("one number that is left has no variance, whatever digits were lost on the way") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::uniform_real_distribution<double> number{-1, 1};
    for (int round = 0; round < 200; ++round) {
        moments m;
        std::vector<double> all(2 + random() % 5);
        for (double& each : all) m.add(each = number(random));
        std::shuffle(all.begin(), all.end(), random);
        for (; all.size() > 1; all.pop_back()) m.remove(all.back());
        REQUIRE(m.count() == 1);
        REQUIRE(m.population_variance() == 0);
        REQUIRE(std::abs(m.mean() - all.front()) < 1e-14);
    }
}
