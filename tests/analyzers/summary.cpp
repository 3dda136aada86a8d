#include <millrace/analyzers/summary.hpp>

#include <cmath>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/analyzers/stddev.hpp>
#include <millrace/core/record.hpp>
#include "streams.hpp"

using namespace millrace;

using overview = summary<count, mean<&reading::value>, named<"low", min<&reading::value>>,
                         stddev<&reading::value>>;
static_assert(analyzer<overview, reading> && mergeable<overview>);

using watched = summary<count, ewma_zscore<&reading::value>>;
static_assert(analyzer<watched, reading> && !mergeable<watched>);

// An event that a part cannot take, the summary cannot take.
static_assert(!analyzer<overview, millrace::window_bounds>);

namespace {

template <class Result>
std::vector<std::string> names_of() {
    const auto names = schema<Result>.names();
    return {names.begin(), names.end()};
}

}  // namespace

TEST_CASE("summary has the fields of its parts, in their order") {
    REQUIRE(names_of<result_of<overview>>() ==
            std::vector<std::string>{"count", "mean", "low", "stddev"});
    REQUIRE(names_of<result_of<watched>>() ==
            std::vector<std::string>{"count", "score", "expected", "lower", "upper", "anomaly"});
}

TEST_CASE("summary gives what its parts give") {
    random_source random{1};
    const auto events = random_readings(100, random);
    const auto result = fed<overview>(events).result();
    REQUIRE(at<"count">(result) == 100);
    REQUIRE(at<"mean">(result) == fed<mean<&reading::value>>(events).result());
    REQUIRE(at<"low">(result) == fed<min<&reading::value>>(events).result());
    REQUIRE(at<"stddev">(result) == fed<stddev<&reading::value>>(events).result());
    static_assert(std::same_as<decltype(at<"count">(result)), const std::uint64_t&>);
}

TEST_CASE("summary's fields can be written, too") {
    result_of<overview> result;
    schema<result_of<overview>>.for_each([&](const auto& each) {
        using value = typename std::remove_cvref_t<decltype(each)>::value_type;
        each.get(result) = static_cast<value>(each.name.size());
    });
    REQUIRE(at<"count">(result) == 5);
    REQUIRE(at<"low">(result) == 3);
}

TEST_CASE("summary of summaries and of results with several fields is flat") {
    using nested = summary<overview, named<"bar", ohlc<&reading::value, &reading::number>>,
                           named<"inner", summary<max<&reading::value>>>>;
    REQUIRE(names_of<result_of<nested>>() ==
            std::vector<std::string>{"count", "mean", "low", "stddev", "bar_open", "bar_high",
                                     "bar_low", "bar_close", "bar_volume", "inner_max"});
    random_source random{1};
    const auto events = random_readings(100, random);
    const auto result = fed<nested>(events).result();
    const auto bar = fed<ohlc<&reading::value, &reading::number>>(events).result();
    REQUIRE(at<"bar_open">(result) == bar.open);
    REQUIRE(at<"bar_volume">(result) == bar.volume);
    REQUIRE(at<"inner_max">(result) == bar.high);
    require_archive_keeps_every_bit<nested>();
}

TEST_CASE("summary's fields are a record's fields") {
    record<int, result_of<overview>> row;
    overview analyzer;
    analyzer.update(reading{4});
    row.result = analyzer.result();
    REQUIRE(at<"mean">(row) == 4);
    REQUIRE(at<"count">(row) == 1);
}

TEST_CASE("summary of parts of a stream is that of the whole") {
    require_merge_trees_agree<overview>([](const auto& tree, const auto& pass) {
        return at<"count">(tree) == at<"count">(pass) && at<"low">(tree) == at<"low">(pass) &&
               is_close(at<"mean">(tree), at<"mean">(pass), 4e-16) &&
               is_close(at<"stddev">(tree), at<"stddev">(pass), 1e-13);
    });
    require_empty_is_neutral<overview>();
}

TEST_CASE("summary of no events") {
    const auto result = overview{}.result();
    REQUIRE(at<"count">(result) == 0);
    REQUIRE(std::isnan(at<"mean">(result)));
}

TEST_CASE("summary survives an archive") { require_archive_keeps_every_bit<overview>(); }
