#include <millrace/analyzers/mean.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using value_mean = millrace::mean<&reading::value>;
using number_mean = millrace::mean<&reading::number>;

static_assert(millrace::analyzer<value_mean, reading>);
static_assert(millrace::mergeable<value_mean>);

TEST_CASE("mean is the sum over the number") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(1 + below(500, random), random);
        long double sum = 0;
        long long numbers = 0;
        for (const reading& event : events) {
            sum += static_cast<long double>(event.value);
            numbers += event.number;
        }
        const auto n = static_cast<double>(events.size());
        REQUIRE(is_close(fed<value_mean>(events).result(), static_cast<double>(sum) / n, 4e-16));
        REQUIRE(fed<number_mean>(events).result() == static_cast<double>(numbers) / n);
    }
}

TEST_CASE("mean of parts is the mean of the whole but for a rounding") {
    require_merge_trees_agree<value_mean>(
        [](double tree, double pass) { return is_close(tree, pass, 4e-16); });
    require_merge_trees_agree<number_mean>([](double tree, double pass) { return tree == pass; });
    require_empty_is_neutral<value_mean>();
}

TEST_CASE("mean of none is NaN, and NaN is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(std::isnan(value_mean{}.result()));
    REQUIRE(std::isnan(fed<value_mean>(std::vector<reading>{{nan}}).result()));
    REQUIRE(fed<value_mean>(std::vector<reading>{{1}, {nan}, {2}}).result() == 1.5);
    auto mean = fed<value_mean>(std::vector<reading>{{1}, {nan}, {2}});
    mean.retract(reading{nan});
    REQUIRE(mean.result() == 1.5);
}

TEST_CASE("mean survives an archive") { require_archive_keeps_every_bit<value_mean>(); }
