#include <millrace/analyzers/min_max.hpp>

#include <cmath>
#include <limits>

#include "streams.hpp"

using span = millrace::min_max<&reading::number>;

static_assert(millrace::analyzer<span, reading> && millrace::mergeable<span>);

TEST_CASE("min_max finds both ends") {
    random_source random{1};
    const auto events = random_readings(500, random);
    const auto [low, high] =
        std::minmax_element(events.begin(), events.end(),
                            [](const reading& a, const reading& b) { return a.number < b.number; });
    const auto found = fed<span>(events).result();
    REQUIRE(found.min == low->number);
    REQUIRE(found.max == high->number);
    REQUIRE(millrace::at<"max">(found) == high->number);
}

TEST_CASE("min_max of none is NaN, and NaN is none") {
    using value_span = millrace::min_max<&reading::value>;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(std::isnan(value_span{}.result().min));
    REQUIRE(std::isnan(value_span{}.result().max));
    const auto one = fed<value_span>(std::vector<reading>{{nan}, {3}, {nan}}).result();
    REQUIRE(one == millrace::extremes{3, 3});
}

TEST_CASE("min_max of parts is that of the whole") {
    require_merge_trees_agree<span>([](auto tree, auto pass) { return tree == pass; });
    require_empty_is_neutral<span>();
}

TEST_CASE("min_max survives an archive") { require_archive_keeps_every_bit<span>(); }
