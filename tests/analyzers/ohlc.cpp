#include <millrace/analyzers/ohlc.hpp>

#include <cmath>
#include <limits>

#include <millrace/core/record.hpp>
#include "streams.hpp"

using namespace std::chrono_literals;
using bar = millrace::ohlc<&reading::value, &reading::number>;

static_assert(millrace::analyzer<bar, reading> && millrace::mergeable<bar>);

namespace {

/// The bar by sorting all events by time.
millrace::ohlc_bar sorted_bar(std::vector<reading> events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const reading& a, const reading& b) { return a.time < b.time; });
    millrace::ohlc_bar expected{events.front().value, -1e9, 1e9, events.back().value, 0};
    for (const reading& event : events) {
        expected.high = std::max(expected.high, event.value);
        expected.low = std::min(expected.low, event.value);
        expected.volume += event.number;
    }
    return expected;
}

reading trade(double price, int size, std::chrono::seconds time) {
    return {price, 1, size, millrace::timestamp{time}};
}

}  // namespace

TEST_CASE("ohlc opens with the earliest event and closes with the latest") {
    const std::vector<reading> events{trade(11, 1, 5s), trade(12, 2, 9s), trade(10, 3, 1s),
                                      trade(15, 4, 7s)};
    REQUIRE(fed<bar>(events).result() == millrace::ohlc_bar{10, 15, 10, 12, 10});
}

TEST_CASE("ohlc: of events at one time the first to arrive opens and the last closes") {
    const std::vector<reading> events{trade(11, 1, 5s), trade(12, 1, 5s), trade(13, 1, 5s)};
    REQUIRE(fed<bar>(events).result() == millrace::ohlc_bar{11, 13, 11, 13, 3});
}

TEST_CASE("ohlc of events in any order, merged in any shape, is that of sorted events") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        const auto events = random_readings(1 + below(100, random), random);
        REQUIRE(fed<bar>(events).result() == sorted_bar(events));
        REQUIRE(fed_by_merge_tree<bar>(events, random).result() == sorted_bar(events));
    }
}

TEST_CASE("ohlc of parts that merge in any order, when no two events share a time") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        random_source random{seed};
        auto events = random_readings(50, random);
        for (std::size_t i = 0; i < events.size(); ++i) {
            events[i].time = millrace::timestamp{std::chrono::seconds{i}};
        }
        std::shuffle(events.begin(), events.end(), random);
        REQUIRE(fed_by_merge_tree<bar>(events, random).result() == sorted_bar(events));
    }
}

TEST_CASE("ohlc of events without a time goes by arrival") {
    struct tick {
        double price, size;
    };
    using tick_bar = millrace::ohlc<&tick::price, &tick::size>;
    const auto first = fed<tick_bar>(std::vector<tick>{{5, 1}, {9, 1}, {6, 1}});
    auto whole = first;
    whole.merge(fed<tick_bar>(std::vector<tick>{{4, 1}, {7, 1}}));
    REQUIRE(first.result() == millrace::ohlc_bar{5, 9, 5, 6, 3});
    REQUIRE(whole.result() == millrace::ohlc_bar{5, 9, 4, 7, 5});
}

TEST_CASE("ohlc of a previous stage's records goes by the start of their windows") {
    using price = millrace::named_value<"price", double>;
    using row = millrace::record<millrace::no_key, price>;
    const auto late = [](const row& r) { return static_cast<double>(r.late); };
    using row_bar = millrace::ohlc<millrace::at<"price">, late>;
    const auto at_second = [](std::chrono::seconds start, double value) {
        row r;
        r.window = {millrace::timestamp{start}, millrace::timestamp{start + 1s}};
        r.result.value = value;
        r.late = 2;
        return r;
    };
    const auto rows = fed<row_bar>(std::vector<row>{at_second(2s, 8), at_second(1s, 7)});
    REQUIRE(rows.result() == millrace::ohlc_bar{7, 8, 7, 8, 4});
}

TEST_CASE("ohlc of none has no prices, and an event with a NaN is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto none = bar{}.result();
    REQUIRE(std::isnan(none.open));
    REQUIRE(std::isnan(none.high));
    REQUIRE(std::isnan(none.low));
    REQUIRE(std::isnan(none.close));
    REQUIRE(none.volume == 0);

    using weighed = millrace::ohlc<&reading::value, &reading::weight>;
    const std::vector<reading> events{{nan, 8}, {5, 2}, {7, nan}};
    REQUIRE(fed<weighed>(events).result() == millrace::ohlc_bar{5, 5, 5, 5, 2});
}

TEST_CASE("ohlc merges with an empty state") { require_empty_is_neutral<bar>(); }

TEST_CASE("ohlc survives an archive") { require_archive_keeps_every_bit<bar>(); }
