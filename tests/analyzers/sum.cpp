#include <millrace/analyzers/sum.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using value_sum = millrace::sum<&reading::value>;
using number_sum = millrace::sum<millrace::at<"number">>;
using product_sum = millrace::sum<[](const reading& r) { return r.value * r.weight; }>;

static_assert(millrace::analyzer<value_sum, reading>);
static_assert(millrace::analyzer<number_sum, reading>);
static_assert(millrace::analyzer<product_sum, reading>);
static_assert(millrace::mergeable<value_sum>);
static_assert(!millrace::analyzer<millrace::sum<&reading::time>, reading>);
static_assert([] {
    value_sum sum;
    sum.update(reading{1.5});
    sum.update(reading{2});
    return sum.result();
}() == 3.5);

TEST_CASE("sum of integers is exact") {
    random_source random{1};
    const auto events = random_readings(1000, random);
    long long expected = 0;
    for (const reading& event : events) expected += event.number;
    REQUIRE(fed<number_sum>(events).result() == static_cast<double>(expected));
    require_merge_trees_agree<number_sum>([](double tree, double pass) { return tree == pass; });
}

TEST_CASE("sum takes a function of the event") {
    const std::vector<reading> events{{2, 3}, {5, 7}};
    REQUIRE(fed<product_sum>(events).result() == 41);
}

TEST_CASE("sum of parts is the sum of the whole but for a rounding") {
    require_merge_trees_agree<value_sum>(
        [](double tree, double pass) { return is_close(tree, pass, 2.3e-16); });
    require_empty_is_neutral<value_sum>();
}

TEST_CASE("sum of none is 0, and NaN is none") {
    REQUIRE(value_sum{}.result() == 0);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(fed<value_sum>(std::vector<reading>{{nan}}).result() == 0);
    REQUIRE(fed<value_sum>(std::vector<reading>{{1}, {nan}, {2}}).result() == 3);
}

TEST_CASE("sum survives an archive") { require_archive_keeps_every_bit<value_sum>(); }
