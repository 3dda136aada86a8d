#include <millrace/pipeline/record_detector.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/storage/memory.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

using row = record<std::string, named_value<"mean", double>>;

row make_row(const char* key, long long start, double mean) {
    return {.key = key, .window = {at_ms(start), at_ms(start + 1)}, .result = {mean}};
}

}  // namespace

TEST_CASE("each key has a detector of its own, and the storage gets the joined record") {
    record_detector<row, count, memory_storage> detector{{.capacity = 10}, "judged", "sensor"};
    std::vector<std::uint64_t> counts;
    const auto keep = [&](const auto& judged) { counts.push_back(at<"count">(judged)); };
    detector.push(make_row("A", 0, 5), keep);
    detector.push(make_row("B", 0, 6), keep);
    detector.push(make_row("A", 1, 7), keep);
    CHECK(counts == std::vector<std::uint64_t>{1, 1, 2});

    std::vector<double> means;
    REQUIRE_FALSE(detector.storage().scan(
        {.key = "A"}, [&](const auto& judged) { means.push_back(at<"mean">(judged)); }));
    CHECK(means == std::vector{5.0, 7.0});
}

TEST_CASE("records of keys beyond the limit are refused and counted") {
    record_detector<row, count> detector{{}, "judged", "sensor", 1};
    int seen = 0;
    detector.push(make_row("A", 0, 5), [&](const auto&) { ++seen; });
    detector.push(make_row("B", 0, 5), [&](const auto&) { ++seen; });
    CHECK(seen == 1);
    pipeline_stats stats;
    detector.collect(stats);
    CHECK(stats.refused_keys == 1);
}
