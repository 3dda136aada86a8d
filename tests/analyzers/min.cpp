#include <millrace/analyzers/min.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using analyzer_under_test = millrace::min<&reading::value>;

static_assert(millrace::analyzer<analyzer_under_test, reading>);
static_assert(millrace::mergeable<analyzer_under_test>);

TEST_CASE("min finds what a search of the whole finds") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(1 + below(100, random), random);
        const auto by_value = [](const reading& a, const reading& b) { return a.value < b.value; };
        const auto found = std::min_element(events.begin(), events.end(), by_value);
        REQUIRE(fed<analyzer_under_test>(events).result() == found->value);
    }
}

TEST_CASE("min of none is NaN, and NaN is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    REQUIRE(std::isnan(analyzer_under_test{}.result()));
    REQUIRE(std::isnan(fed<analyzer_under_test>(std::vector<reading>{{nan}}).result()));
    REQUIRE(fed<analyzer_under_test>(std::vector<reading>{{nan}, {3}, {nan}}).result() == 3);
    REQUIRE(fed<analyzer_under_test>(std::vector<reading>{{infinity}}).result() == infinity);
    REQUIRE(fed<analyzer_under_test>(std::vector<reading>{{infinity}, {-1}}).result() == -1);
}

TEST_CASE("min of parts is the min of the whole") {
    require_merge_trees_agree<analyzer_under_test>(
        [](double tree, double pass) { return tree == pass; });
    require_empty_is_neutral<analyzer_under_test>();
}

TEST_CASE("min survives an archive") { require_archive_keeps_every_bit<analyzer_under_test>(); }
