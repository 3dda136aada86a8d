#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "counted_new.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

enum class side { buy, sell };

struct fill {
    std::string_view venue, symbol;
    side way;
    double price;
    timestamp time;
};

struct tally {
    std::string venue;
    side way;
    long long count;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<side> = millrace::enumerators(
    millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});
template <>
inline constexpr auto millrace::schema<fill> = millrace::fields(
    millrace::field{"venue", &fill::venue}, millrace::field{"symbol", &fill::symbol},
    millrace::field{"side", &fill::way}, millrace::field{"price", &fill::price},
    millrace::event_time{"time", &fill::time});
namespace {

using parts = std::tuple<std::string, std::string, side>;
/// Count and sum by key, the window's start in milliseconds, and its number.
using totals =
    std::map<std::tuple<parts, long long, std::uint64_t>, std::pair<std::uint64_t, double>>;
using fills = std::vector<fill>;

timestamp at_ms(long long ms) { return timestamp{std::chrono::milliseconds{ms}}; }
long long ms_of(timestamp time) { return time.time_since_epoch() / 1ms; }
parts key_of_fill(const fill& one) {
    return {std::string{one.venue}, std::string{one.symbol}, one.way};
}

constexpr std::string_view names[] = {
    "", "/", "~", "~1", "ab", "a", "b", "XETR", "ü", "a name that is kept outside of its string"};

auto by_all() { return key_by(&fill::venue, &fill::symbol, &fill::way); }
auto in_own_time() { return per_key(&fill::venue, &fill::symbol, &fill::way); }

/// Times grow, and are set back by up to 300 ms.
fills random_fills(std::mt19937& random, std::size_t count) {
    const std::size_t kinds = 1 + random() % std::size(names);
    fills all;
    long long now = 100'000;
    for (std::size_t i = 0; i < count; ++i) {
        now += static_cast<long long>(random() % 40 == 0 ? 2000 : random() % 30);
        all.push_back({names[random() % kinds], names[random() % kinds],
                       random() % 2 == 0 ? side::buy : side::sell,
                       static_cast<double>(random() % 100),
                       at_ms(now - static_cast<long long>(random() % 300))});
    }
    return all;
}

void add(totals& to, const fill& one, long long start, std::uint64_t number = 0) {
    auto& of = to[{key_of_fill(one), start, number}];
    ++of.first;
    of.second += one.price;
}

struct tumbling_model {
    static totals of(const fills& all) {
        totals made;
        for (const fill& each : all) add(made, each, ms_of(each.time) / 500 * 500);
        return made;
    }
};
struct sliding_model {
    static totals of(const fills& all) {
        totals made;
        for (const fill& each : all) {
            const long long last = ms_of(each.time) / 200 * 200;
            for (long long start = last; start > ms_of(each.time) - 1000; start -= 200)
                add(made, each, start);
        }
        return made;
    }
};
struct session_model {
    static totals of(fills all) {
        std::ranges::stable_sort(all, {}, &fill::time);
        std::map<parts, std::pair<long long, long long>> open;  // first and last time
        totals made;
        for (const fill& each : all) {
            const long long now = ms_of(each.time);
            auto& of = open.try_emplace(key_of_fill(each), now, now).first->second;
            if (now - of.second >= 700) of.first = now;
            of.second = now;
            add(made, each, of.first);
        }
        return made;
    }
};
struct count_model {
    static totals of(const fills& all) {
        std::map<parts, std::uint64_t> seen;
        totals made;
        for (const fill& each : all) add(made, each, 0, seen[key_of_fill(each)]++ / 5);
        std::erase_if(made, [](const auto& each) { return each.second.first < 5; });
        return made;
    }
};

/// The records that hold, by what they are of.
struct follower {
    totals* table;

    template <class Row>
    void operator()(std::string_view, const Row& row) const {
        std::uint64_t number = 0;
        long long start = ms_of(row.window.start);
        if constexpr (requires { row.window.number; }) {
            number = row.window.number;
            start = 0;
        }
        const std::tuple at{row.key.parts, start, number};
        if (row.change == change::remove) {
            table->erase(at);
        } else {
            (*table)[at] = {millrace::at<"count">(row), millrace::at<"sum">(row)};
        }
    }
};

/// Feeds it bit by bit, or in spans; it is saved and goes on in another one now and then.
template <class Description, class Sink>
void feed(std::mt19937& random, const Description& description, const Sink& sink,
          const fills& all) {
    manual_clock clock{at_ms(1'000'000'000'000)};
    auto running = start(description, sink, clock_view{clock});
    for (std::size_t i = 0; i < all.size();) {
        const std::size_t some = std::min<std::size_t>(1 + random() % 40, all.size() - i);
        if (random() % 2 == 0) {
            running.push(std::span{all}.subspan(i, some));
        } else {
            for (std::size_t j = i; j < i + some; ++j) REQUIRE(running.push(all[j]) == errc{});
        }
        i += some;
        if (random() % 8 != 0) continue;
        const std::string saved = save(running);
        auto resumed = start(description, sink, clock_view{clock});
        input_archive in{saved};
        in(resumed);
        REQUIRE(in.ok());
        REQUIRE(in.bytes_left() == 0);
        REQUIRE(save(resumed) == saved);
        running = std::move(resumed);
    }
    running.finish();
    CHECK(running.stats().late == 0);
}

template <class Model>
void check_windows(const auto& source, const auto& windows) {
    const unsigned seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 40; ++round) {
        INFO("seed " << seed << " round " << round);
        const fills all = random_fills(random, 600);
        totals table;
        feed(random, source | by_all() | windows | process<summary<count, sum<&fill::price>>>(),
             follower{&table}, all);
        REQUIRE(table == Model::of(all));
    }
}

}  // namespace

TEST_CASE("windows by several parts are those of a map by tuples") {
    const auto shared = from<fill>("fills", disorder{100ms});
    const auto own = from<fill>("fills", in_own_time(), disorder{100ms});
    const auto windows = [](auto size) { return window(size, lateness{1h}, drop_late); };
    SECTION("tumbling") { check_windows<tumbling_model>(shared, windows(tumbling{500ms})); }
    SECTION("sliding") { check_windows<sliding_model>(shared, windows(sliding{1s, 200ms})); }
    SECTION("session") { check_windows<session_model>(shared, windows(session{700ms})); }
    SECTION("count") { check_windows<count_model>(shared, window(tumbling_count{5})); }
    SECTION("tumbling, a time a key") {
        check_windows<tumbling_model>(own, windows(tumbling{500ms}));
    }
    SECTION("sliding, a time a key") {
        check_windows<sliding_model>(own, windows(sliding{1s, 200ms}));
    }
    SECTION("session, a time a key") { check_windows<session_model>(own, windows(session{700ms})); }
    SECTION("count, a time a key") { check_windows<count_model>(own, window(tumbling_count{5})); }
}

TEST_CASE("what is keyed by several parts stays so behind a window") {
    const fills all = [] {
        std::mt19937 random{5};
        return random_fills(random, 3000);
    }();
    std::map<std::pair<parts, long long>, double> counted, expected;
    auto running = start(from<fill>("fills", any_time, disorder{300ms}) | by_all() |
                             window(tumbling{500ms}, drop_late) | process<count>() |
                             window(tumbling{5s}, drop_late) | process<sum<at<"count">>>(),
                         [&](const auto& row) {
                             counted[{row.key.parts, ms_of(row.window.start)}] = at<"sum">(row);
                         });
    for (const fill& each : all) {
        running.push(each);
        ++expected[{key_of_fill(each), ms_of(each.time) / 5000 * 5000}];
    }
    running.finish();
    CHECK(running.stats().late == 0);
    CHECK(counted == expected);
}

TEST_CASE("states by several parts are those of a map by tuples") {
    const auto description = from<fill>("fills", any_time, disorder{300ms}) |
                             key_by(&fill::venue, &fill::way) |
                             process_with_state<long long, tally>([](auto& ctx, const fill&) {
                                 const auto& [venue, way] = ctx.key().parts;
                                 ctx.emit({venue, way, ++ctx.state()});
                             });
    std::mt19937 random{7};
    const fills all = random_fills(random, 3000);
    std::size_t place = 0;
    std::map<std::pair<std::string, side>, long long> counts;
    feed(
        random, description,
        [&](const tally& said) {
            const fill& of = all[place++];
            const long long expected = ++counts[{std::string{of.venue}, of.way}];
            REQUIRE(said.venue == of.venue);
            REQUIRE(said.way == of.way);
            REQUIRE(said.count == expected);
        },
        all);
    CHECK(place == all.size());
}

TEST_CASE("a detector judges each key of several parts by itself") {
    using detector = ewma_zscore<at<"mean">>;
    std::mt19937 random{8};
    const fills all = random_fills(random, 3000);
    std::map<parts, detector> detectors;
    std::size_t judged = 0;
    feed(
        random,
        from<fill>("fills", any_time, disorder{300ms}) | by_all() |
            window(tumbling{500ms}, drop_late) | process<mean<&fill::price>>() | detect<detector>(),
        [&](const auto& row) {
            auto& alone = detectors[row.key.parts];
            alone.update(row);
            const double expected = alone.result().expected;
            REQUIRE((at<"expected">(row) == expected || std::isnan(expected)));
            judged += std::isnan(expected) ? 0u : 1u;
        },
        all);
    CHECK(judged > 100);
}

TEST_CASE("an event by several parts allocates nothing, once all keys have been") {
    const auto check = [](auto description) {
        auto running = start(std::move(description), [](const auto&) {});
        std::size_t before = 0;
        for (int i = 0; i < 30'000; ++i) {
            if (i == 20'000) before = allocation_count;
            running.push({names[i % 10], names[i / 10 % 10], side::sell, 1, at_ms(i)});
        }
        CHECK(allocation_count == before);
    };
    const auto shared = from<fill>("fills", any_time);
    const auto own = from<fill>("fills", any_time, in_own_time());
    const auto count_fills = process<count>();
    check(shared | by_all() | window(tumbling{1h}, drop_late) | count_fills);
    check(shared | by_all() | window(sliding{2h, 1h}, drop_late) | count_fills);
    check(shared | by_all() | window(session{5s}, drop_late) | count_fills);
    check(shared | by_all() | window(tumbling_count{1000}) | count_fills);
    check(own | by_all() | window(tumbling{1h}, drop_late) | count_fills);
    check(shared | by_all() |
          process_with_state<long long, tally>([](auto& ctx, const fill&) { ++ctx.state(); }));
}

TEST_CASE("an event whose parts have too much text together is refused") {
    const std::string text(129, 'x');
    const fill taken{std::string_view{text}.substr(1), std::string_view{text}.substr(1), side::buy,
                     1, at_ms(1)};
    const fill refused{text, std::string_view{text}.substr(1), side::buy, 1, at_ms(1)};
    auto shared =
        start(from<fill>("fills", any_time) | by_all() | process<count>(), [](const auto&) {});
    CHECK(shared.push(taken) == errc{});
    CHECK(shared.push(refused) == errc{});
    CHECK(shared.stats().refused_keys == 1);
    auto own = start(from<fill>("fills", any_time, in_own_time()) | by_all() | process<count>(),
                     [](const auto&) {});
    CHECK(own.push(taken) == errc{});
    CHECK(own.push(refused) == errc::key_too_long);
}

TEST_CASE("time by the same parts in another order is refused at the start") {
    const auto start_with = [](auto source) {
        return start(std::move(source) | key_by(&fill::venue, &fill::symbol) |
                         window(tumbling{1s}, drop_late) | process<count>(),
                     [](const auto&) {});
    };
    CHECK_NOTHROW(start_with(from<fill>("fills", per_key(&fill::venue, &fill::symbol))));
    CHECK_THROWS_AS(start_with(from<fill>("fills", per_key(&fill::symbol, &fill::venue))),
                    std::invalid_argument);
}

TEST_CASE("streams of the same parts meet, and others do not") {
    const auto by = [](auto... members) { return from<fill>("fills") | key_by(members...); };
    CHECK_NOTHROW(union_of(by(&fill::venue, &fill::symbol), by(&fill::venue, &fill::symbol)));
    CHECK_THROWS_AS(union_of(by(&fill::venue, &fill::symbol), by(&fill::symbol, &fill::venue)),
                    std::invalid_argument);
}
