#include <millrace/analyzers/weighted_mean.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using average_price = millrace::weighted_mean<&reading::value, &reading::weight>;

static_assert(millrace::analyzer<average_price, reading> && millrace::mergeable<average_price>);
static_assert(
    !millrace::analyzer<millrace::weighted_mean<&reading::value, &reading::time>, reading>);

TEST_CASE("weighted_mean weighs") {
    REQUIRE(fed<average_price>(std::vector<reading>{{10, 3}, {20, 1}}).result() == 12.5);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(1 + below(1000, random), random);
        long double weighted = 0, weights = 0;
        for (const reading& event : events) {
            weighted +=
                static_cast<long double>(event.value) * static_cast<long double>(event.weight);
            weights += static_cast<long double>(event.weight);
        }
        const auto expected = static_cast<double>(weighted / weights);
        REQUIRE(is_close(fed<average_price>(events).result(), expected, 4.5e-16));
    }
}

TEST_CASE("weighted_mean without weight is NaN, and NaN is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(std::isnan(average_price{}.result()));
    REQUIRE(std::isnan(fed<average_price>(std::vector<reading>{{5, 0}}).result()));
    REQUIRE(fed<average_price>(std::vector<reading>{{nan, 9}, {5, 2}, {7, nan}}).result() == 5);
    auto mean = fed<average_price>(std::vector<reading>{{nan, 9}, {5, 2}, {7, nan}});
    mean.retract(reading{nan, 9});
    mean.retract(reading{7, nan});
    REQUIRE(mean.result() == 5);
}

TEST_CASE("weighted_mean of parts is that of the whole but for roundings") {
    require_merge_trees_agree<average_price>(
        [](double tree, double pass) { return is_close(tree, pass, 4.5e-16); });
    require_empty_is_neutral<average_price>();
}

TEST_CASE("weighted_mean survives an archive") { require_archive_keeps_every_bit<average_price>(); }
