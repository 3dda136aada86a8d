#include <millrace/analyzers/named.hpp>

#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/min_max.hpp>
#include "streams.hpp"

using low = millrace::named<"low", millrace::min<&reading::value>>;
using span = millrace::named<"value", millrace::min_max<&reading::value>>;

static_assert(millrace::analyzer<low, reading> && millrace::mergeable<low>);
static_assert(millrace::analyzer<span, reading> && millrace::mergeable<span>);
static_assert(std::same_as<millrace::result_of<low>, millrace::named_value<"low", double>>);

using alarms = millrace::named<"alarm", millrace::ewma_zscore<&reading::value>>;
static_assert(millrace::analyzer<alarms, reading> && !millrace::mergeable<alarms>);

TEST_CASE("named renames a number") {
    const auto analyzer = fed<low>(std::vector<reading>{{3}, {1}, {2}});
    REQUIRE(analyzer.result() == 1);
    REQUIRE(millrace::at<"low">(named_result(analyzer)) == 1);
}

TEST_CASE("named puts its name before each of several fields") {
    const auto result = fed<span>(std::vector<reading>{{3}, {1}, {2}}).result();
    REQUIRE(millrace::at<"value_min">(result) == 1);
    REQUIRE(millrace::at<"value_max">(result) == 3);
    const auto names = millrace::schema<millrace::result_of<alarms>>.names();
    REQUIRE(std::vector<std::string>(names.begin(), names.end()) ==
            std::vector<std::string>{"alarm_score", "alarm_expected", "alarm_lower", "alarm_upper",
                                     "alarm_anomaly"});
}

TEST_CASE("named names a named one anew") {
    using twice = millrace::named<"a", millrace::named<"b", millrace::min_max<&reading::value>>>;
    REQUIRE(millrace::at<"a_b_max">(fed<twice>(std::vector<reading>{{7}}).result()) == 7);
}

TEST_CASE("named merges and archives like what it names") {
    require_merge_trees_agree<span>([](auto tree, auto pass) { return tree == pass; });
    require_empty_is_neutral<low>();
    require_archive_keeps_every_bit<low>();
    require_archive_keeps_every_bit<alarms>();
    const std::vector<reading> events{{3}, {1}};
    REQUIRE(save(fed<low>(events)) == save(fed<millrace::min<&reading::value>>(events)));
}
