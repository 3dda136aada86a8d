#include <millrace/analyzers/variance.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using sample = millrace::variance<&reading::value>;
using population = millrace::population_variance<&reading::value>;

static_assert(millrace::analyzer<sample, reading> && millrace::mergeable<sample>);
static_assert(millrace::analyzer<population, reading> && millrace::mergeable<population>);

TEST_CASE("variance divides by n - 1, population_variance by n") {
    const std::vector<reading> events{{2}, {4}, {4}, {4}, {5}, {5}, {7}, {9}};
    REQUIRE(fed<sample>(events).result() == 32.0 / 7);
    REQUIRE(fed<population>(events).result() == 4);
}

TEST_CASE("variance of too few numbers is NaN, and NaN is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(std::isnan(sample{}.result()));
    REQUIRE(std::isnan(population{}.result()));
    REQUIRE(std::isnan(fed<sample>(std::vector<reading>{{1}, {nan}}).result()));
    REQUIRE(fed<population>(std::vector<reading>{{1}, {nan}}).result() == 0);
    REQUIRE(fed<sample>(std::vector<reading>{{1}, {nan}, {3}}).result() == 2);
}

TEST_CASE("variance of parts is the variance of the whole to 13 digits") {
    const auto is_same = [](double tree, double pass) { return is_close(tree, pass, 1e-13); };
    require_merge_trees_agree<sample>(is_same);
    require_merge_trees_agree<population>(is_same);
    require_empty_is_neutral<sample>();
    require_empty_is_neutral<population>();
}

TEST_CASE("variance survives an archive") {
    require_archive_keeps_every_bit<sample>();
    require_archive_keeps_every_bit<population>();
}
