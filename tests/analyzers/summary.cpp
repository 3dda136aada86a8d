#include <millrace/analyzers/summary.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/analyzers/multiset_extreme.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/analyzers/stddev.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/weighted_mean.hpp>
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

namespace {

/// Refuses readings whose number is `Rest` modulo 5.
template <int Rest, bool IsExact = false>
struct picky {
    static constexpr fixed_string<6> name{{'p', 'i', 'c', 'k', 'y', '0' + Rest, 0}};
    static constexpr bool retracts_exactly = IsExact;

    void update(const reading& one) {
        if (one.number % 5 == Rest) throw std::domain_error{"picky"};
        sum += one.number;
    }
    void retract(const reading& one) requires(IsExact) { sum -= one.number; }
    [[nodiscard]] int result() const { return sum; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(sum);
    }

    int sum = 0;
};

/// As `picky`, and counts its copies.
template <int Rest, bool IsExact = false>
struct copied : picky<Rest, IsExact> {
    static inline int copies = 0;
    copied() = default;
    copied(const copied& other) : picky<Rest, IsExact>{other} { ++copies; }
    copied& operator=(const copied&) = default;
    ~copied() = default;
};

template <class Analyzer>
bool takes(Analyzer& analyzer, const reading& one) {
    try {
        analyzer.update(one);
        return true;
    } catch (const std::domain_error&) {
        return false;
    }
}

template <class Analyzer>
void check_refused_leave_no_trace() {
    random_source random{1};
    Analyzer all;
    Analyzer only_taken;
    for (reading one : random_readings(300, random)) {
        if (below(4, random) == 0) {
            constexpr std::array odd{1e17, -1e200, std::numeric_limits<double>::infinity(), 0.5};
            one.value = odd[below(odd.size(), random)];
            one.number = one.number / 5 * 5;  // refused
        }
        if (takes(all, one)) only_taken.update(one);
        REQUIRE(save(all) == save(only_taken));
    }
}

double risky_value(const reading& one) {
    if (one.number % 5 == 0) throw std::domain_error{"risky"};
    return one.value;
}

using throws_nothing = summary<overview, named<"bar", ohlc<&reading::value, &reading::weight>>,
                               weighted_mean<&reading::value, &reading::weight>, named<"n", count>,
                               ewma_zscore<&reading::value>>;
template <class Analyzer>
constexpr bool is_noexcept =
    noexcept(std::declval<Analyzer&>().update(std::declval<const reading&>()));
static_assert(is_noexcept<throws_nothing>);
static_assert(!is_noexcept<summary<count, sum<risky_value>>>);
static_assert(!is_noexcept<ewma_zscore<risky_value>>);
static_assert(!is_noexcept<multiset_min<&reading::value>>);
static_assert(!is_noexcept<picky<0>>);

}  // namespace

TEST_CASE("summary: an event at which a part throws leaves all parts as they were") {
    using low = min<&reading::value>;
    using spread = stddev<&reading::value>;
    check_refused_leave_no_trace<summary<low, mean<&reading::value>, spread, picky<0>>>();
    check_refused_leave_no_trace<summary<picky<0>, low, spread>>();
    check_refused_leave_no_trace<summary<low, picky<1>, spread, picky<0>, picky<2>>>();
    check_refused_leave_no_trace<summary<picky<1, true>, picky<0>, copied<2>, copied<3>>>();
    check_refused_leave_no_trace<
        summary<mean<risky_value>, spread, picky<1>, multiset_min<&reading::value>,
                ewma_zscore<risky_value>>>();
    check_refused_leave_no_trace<summary<count, summary<low, copied<1>>, picky<0>>>();
}

TEST_CASE("summary copies only parts that another which throws may find updated") {
    const auto copies_of = [](auto analyzer, auto& counter) {
        counter = 0;
        for (int i = 0; i < 5; ++i) (void)takes(analyzer, reading{.number = 5 * i + 4});
        return counter;
    };
    CHECK(copies_of(summary<count, copied<0>, stddev<&reading::value>>{}, copied<0>::copies) == 0);
    CHECK(copies_of(summary<copied<0>, picky<1>, count>{}, copied<0>::copies) == 0);
    CHECK(copies_of(summary<picky<1>, copied<0, true>, picky<2>>{}, copied<0, true>::copies) == 0);
    CHECK(copies_of(summary<copied<0>, copied<1>, count>{}, copied<0>::copies) == 5);
    CHECK(copies_of(summary<copied<0>, copied<1>, count>{}, copied<1>::copies) == 0);
}
