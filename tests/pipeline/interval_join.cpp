#include <millrace/pipeline/interval_join.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/asof_join.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/windows/tumbling.hpp>

#include "joined.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

/// Joins trades and quotes of one symbol, whose time is moved by hand, and notes what goes out.
template <class Kind, class... Options>
auto start_join(strings& out, bool notes_watermarks, Kind kind, between span, Options... options) {
    return start(interval_join(manual_source<trade>("trades", &trade::symbol),
                               manual_source<quote>("quotes", &quote::symbol), span, kind,
                               options..., as_couple(kind)) |
                 note_couples{out, notes_watermarks});
}

}  // namespace

TEST_CASE("facts G18: both ends of an interval belong to it") {
    strings out;
    auto running = start_join(out, false, inner_join, {-2ms, 2ms}, drop_late);
    feed_all(running, {t(10, 1), q(7, 7), q(8, 8), q(12, 12), q(13, 13)});
    CHECK(out == strings{"1 8 10", "1 12 12"});
    strings open;
    auto shorter = start_join(open, false, inner_join, {-2ms + 1ns, 2ms - 1ns}, drop_late);
    feed_all(shorter, {t(10, 1), q(7, 7), q(8, 8), q(12, 12), q(13, 13)});
    CHECK(open.empty());
}

TEST_CASE("facts G19: a left event goes alone once its last partner could have come") {
    strings out;
    auto running =
        start_join(out, true, left_join, {0ms, 5ms}, max_lag{duration::max()}, drop_late);
    feed(running, t(10, 1));
    advance_both(running, 15);
    CHECK(out == strings{"W 10"});
    advance_both(running, 16);
    CHECK(out == strings{"W 10", "1 -1 10", "W 11"});
}

TEST_CASE("facts G20: each side goes alone by a bound of its own") {
    strings out;
    auto running = start_join(out, false, full_join, {0ms, 10ms}, drop_late);
    feed_all(running, {q(5, 0), t(20, 1), q(20, 1)});
    CHECK(out == strings{"1 1 20"});
    advance_both(running, 6);
    CHECK(out == strings{"1 1 20", "-1 0 5"});
    advance_both(running, 21);
    feed(running, t(30, 2));
    advance_both(running, 31);
    advance_both(running, 40);
    CHECK(out.size() == 2);
    advance_both(running, 41);
    CHECK(out == strings{"1 1 20", "-1 0 5", "2 -1 30"});
}

namespace {

/// All pairs, by two loops; and what has no partner.
std::multiset<std::string> naive_join(const std::vector<join_input>& all, long long from,
                                      long long to, bool keeps_trades, bool keeps_quotes,
                                      naive_lateness time, std::multiset<std::string>& late) {
    std::vector<join_input> sides[2];
    for (const auto& one : all) {
        if (one.is_watermark) {
            time.watermark(one);
        } else if (time.is_late(one)) {
            late.insert(one.key + " " + std::to_string(static_cast<int>(one.number)));
        } else {
            sides[one.is_trade ? 0 : 1].push_back(one);
        }
    }
    std::multiset<std::string> rows;
    const auto text = [](double trade_number, double quote_number, long long at) {
        return std::to_string(static_cast<int>(trade_number)) + " " +
               std::to_string(static_cast<int>(quote_number)) + " " + std::to_string(at);
    };
    const auto fits = [&](const join_input& a, const join_input& b) {
        return a.key == b.key && b.time - a.time >= from && b.time - a.time <= to;
    };
    for (const auto& a : sides[0]) {
        for (const auto& b : sides[1])
            if (fits(a, b)) rows.insert(text(a.number, b.number, std::max(a.time, b.time)));
        const auto has = [&](const auto& b) { return fits(a, b); };
        if (keeps_trades && std::ranges::none_of(sides[1], has))
            rows.insert(text(a.number, -1, a.time));
    }
    for (const auto& b : sides[1]) {
        const auto has = [&](const auto& a) { return fits(a, b); };
        if (keeps_quotes && std::ranges::none_of(sides[0], has))
            rows.insert(text(-1, b.number, b.time));
    }
    return rows;
}

template <class Kind>
void check_streams(Kind kind) {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run, Kind::name);
        std::mt19937 random{seed * 1000 + run};
        const auto all = random_inputs(random, 150);
        const long long from = static_cast<long long>(random() % 60) - 40;
        const long long to = from + static_cast<long long>(random() % 50);
        const long long late_by = random() % 2 == 0 ? 0 : static_cast<long long>(random() % 40);
        std::multiset<std::string> right_late, late;
        const auto right = naive_join(all, from, to, Kind::keeps_left, Kind::keeps_right,
                                      naive_lateness{late_by}, right_late);
        const auto note_late = [&late](const auto& one) {
            double number = 0;
            if constexpr (requires { one.bid; }) {
                number = one.bid;
            } else {
                number = one.price;
            }
            late.insert(std::string{one.symbol} + " " + std::to_string(static_cast<int>(number)));
        };
        strings out, cut;
        const auto begin = [&](strings& to_list) {
            return start_join(to_list, true, kind, between{from * 1ms, to * 1ms},
                              lateness{late_by * 1ms}, late_to(note_late),
                              max_lag{duration::max()});
        };
        auto running = begin(out);
        for (const auto& one : all) feed(running, one);
        REQUIRE(late == right_late);
        CHECK(running.stats().late == late.size());
        CHECK_FALSE(running.finish());
        CHECK(running.stats().keys == 0);
        std::multiset<std::string> rows;
        for (const auto& row : out)
            if (row[0] != 'W') rows.insert(row);
        REQUIRE(rows == right);

        auto first = begin(cut);
        const std::size_t at = random() % all.size();
        for (std::size_t i = 0; i < at; ++i) feed(first, all[i]);
        auto second = begin(cut);
        REQUIRE_FALSE(load(save(first), second));
        for (std::size_t i = at; i < all.size(); ++i) feed(second, all[i]);
        CHECK_FALSE(second.finish());
        REQUIRE(cut == out);
    }
}

}  // namespace

TEST_CASE("an interval join gives the pairs of a batch computation, and what has none") {
    check_streams(inner_join);
    check_streams(left_join);
    check_streams(right_join);
    check_streams(full_join);
}

TEST_CASE("one stream may be joined with itself, and what is joined goes on to windows") {
    const auto trades = [](const char* name) {
        return from<trade>(name, any_time) | key_by(&trade::symbol);
    };
    auto pairs = interval_join(trades("left"), trades("right"), between{0s, 10ms}, drop_late,
                               [](const trade& a, const trade& b) {
                                   return trade{a.symbol, a.price, b.price, b.time};
                               }) |
                 tee(publish("pairs")) | key_by(&trade::symbol) |
                 window(tumbling{10ms}, drop_late) | process<millrace::count>();
    strings out;
    auto running = start(std::move(pairs), [&](std::string_view topic, const auto& one) {
        if constexpr (requires { one.symbol; }) {
            out.push_back(std::string{topic} + " " + std::to_string(static_cast<int>(one.price)) +
                          std::to_string(static_cast<int>(one.size)));
        } else {
            out.push_back(one.key + " " + std::to_string(at<"count">(one)));
        }
    });
    auto [left, right] = running.sources();
    left.push({"a", 1, 1, at_ms(1)});
    right.push({"a", 2, 1, at_ms(1)});
    right.push({"a", 3, 1, at_ms(8)});
    left.push({"a", 4, 1, at_ms(20)});
    CHECK(out == strings{"pairs 12", "pairs 13"});
    right.push({"a", 5, 1, at_ms(29)});
    CHECK(out == strings{"pairs 12", "pairs 13", "pairs 45", "a 2"});
    CHECK_FALSE(running.finish());
}

TEST_CASE("without keys all events of both sides may be partners") {
    strings out;
    auto running =
        start(interval_join(from<trade>("trades", any_time), from<quote>("quotes", any_time),
                            between{0s, 5ms}, left_join, drop_late, as_couple(left_join)) |
              note_couples{out});
    feed_all(running, {t(1, 1, "a"), q(2, 2, "b"), t(3, 3, "c"), q(20, 4, "a"), t(20, 5, "b")});
    CHECK(out == strings{"1 2 2", "5 4 20", "3 -1 3"});
    CHECK_FALSE(running.finish());
    strings asof_out;
    auto asof_running =
        start(asof_join(from<trade>("trades", any_time), from<quote>("quotes", any_time), drop_late,
                        as_couple(left_join)) |
              note_couples{asof_out});
    feed_all(asof_running, {q(1, 1, "a"), t(2, 2, "b")});
    CHECK_FALSE(asof_running.finish());
    CHECK(asof_out == strings{"2 1 2"});
}

TEST_CASE("a side that never comes holds the other up until it is idle, or too far behind") {
    strings out;
    manual_clock clock{at_ms(1'000'000'000)};
    auto running = start(
        interval_join(from<trade>("trades", any_time) | key_by(&trade::symbol),
                      from<quote>("quotes", any_time, idle_timeout{5s}) | key_by(&quote::symbol),
                      between{0s, 5ms}, left_join, drop_late,
                      [](const trade& t, const quote* q) { return couple_of(&t, q); }) |
            note_couples{out},
        detail::ignore_records{}, clock_view{clock});
    auto [trades, quotes] = running.sources();
    for (int i = 0; i < 3; ++i) trades.push({"a", static_cast<double>(i), 1, at_ms(10 * i)});
    CHECK(out.empty());
    running.tick();
    clock.advance(6s);
    trades.push({"a", 3, 1, at_ms(30)});
    running.tick();
    running.tick();
    CHECK(out == strings{"0 -1 0", "1 -1 10", "2 -1 20"});
    trades.push({"a", 4, 1, at_ms(40)});
    CHECK(out.size() == 4);

    strings lagging;
    auto far = start_join(lagging, false, left_join, {0ms, 5ms}, max_lag{1s}, drop_late);
    feed(far, t(10, 1));
    feed(far, {true, "", 2000, 0, true});
    CHECK(lagging == strings{"1 -1 10"});
}

TEST_CASE("what goes alone goes in the order in which it was due, of both sides") {
    strings out;
    auto running = start_join(out, false, full_join, {0ms, 5ms}, drop_late);
    feed_all(running, {t(10, 1), q(12, 2, "c"), t(6, 3, "b"), q(16, 4, "b")});
    advance_both(running, 30);
    CHECK(out == strings{"3 -1 6", "-1 2 12", "1 -1 10", "-1 4 16"});
}

TEST_CASE("a side that floods fills its own room alone") {
    strings out;
    auto running = start_join(out, false, full_join, {0ms, 5ms}, max_held{3}, drop_late);
    for (int i = 0; i < 10; ++i) feed(running, t(i, i));
    CHECK(running.stats().refused_keys == 7);
    feed_all(running, {q(2, 2), q(3, 3)});
    CHECK(out == strings{"0 2 2", "1 2 2", "2 2 2", "0 3 3", "1 3 3", "2 3 3"});
    advance_both(running, 100);
    feed(running, t(100, 1));
    CHECK(running.stats().refused_keys == 7);

    strings small;
    auto narrow = start_join(small, false, inner_join, {0ms, 5ms}, max_held{100, 600}, drop_late);
    feed_all(narrow, {t(1, 1, std::string(200, 'x')), t(1, 2, std::string(200, 'y')),
                      t(1, 3, std::string(200, 'z')), q(1, 1, std::string(200, 'x'))});
    CHECK(narrow.stats().refused_keys == 1);
    CHECK(small == strings{"1 1 1"});

    auto keys = start_join(small, false, inner_join, {0ms, 5ms}, max_keys{2}, drop_late);
    feed_all(keys, {t(1, 1), t(1, 1, "b"), t(1, 1, "c"), q(1, 1, "b")});
    CHECK(keys.stats().refused_keys == 1);
    CHECK(keys.stats().keys == 2);
}

namespace {

/// Keys come and go, too.
template <class Kind>
void check_flat(Kind kind) {
    CAPTURE(Kind::name);
    strings out;
    auto running = start_join(out, false, kind, {-20ms, 30ms}, drop_late);
    std::uint64_t most = 0, early = 0;
    for (long long now = 0; now < 25'000; ++now) {
        const std::string rare = "key " + std::to_string(now);
        feed_all(running, {q(now, 1, now % 2 == 0 ? rare : std::string(20, 'a')), t(now, 1, rare)});
        advance_both(running, now);
        out.clear();
        auto& highest = now < 5000 ? early : most;
        highest = std::max(highest, running.stats().state_bytes);
    }
    CHECK(most <= early + early / 8);
    CHECK(running.stats().keys < 500);
    CHECK_FALSE(running.finish());
    CHECK(running.stats().keys == 0);
}

}  // namespace

TEST_CASE("the state of an interval join stays as it is while time goes on") {
    check_flat(inner_join);
    check_flat(left_join);
    check_flat(full_join);
}

TEST_CASE("a function that throws costs the pair at which it does") {
    strings out;
    auto running = start(interval_join(manual_source<trade>("trades", &trade::symbol),
                                       manual_source<quote>("quotes", &quote::symbol),
                                       between{0s, 5ms}, left_join, drop_late,
                                       [](const trade& one, const quote* found) {
                                           if (one.price == 2) throw std::runtime_error{"two"};
                                           return couple_of(&one, found);
                                       }) |
                         note_couples{out});
    feed_all(running, {t(1, 1), t(2, 2), t(2, 3)});
    CHECK_THROWS_WITH(feed(running, q(2, 9)), "two");
    CHECK(out == strings{"1 9 2", "3 9 2"});
    feed_all(running, {t(20, 2), t(20, 4)});
    feed(running, {true, "", 30, 0, true});
    CHECK_THROWS_WITH(feed(running, {false, "", 30, 0, true}), "two");
    CHECK(out == strings{"1 9 2", "3 9 2", "4 -1 20"});
    CHECK(running.stats().failed == 1);
}

TEST_CASE("late events of each side go to a topic of their own") {
    strings out;
    auto running = start(interval_join(manual_source<trade>("trades", &trade::symbol),
                                       manual_source<quote>("quotes", &quote::symbol),
                                       between{0s, 5ms}, late_to("late_trades", "late_quotes"),
                                       [](const trade& one, const quote& found) {
                                           return couple_of(&one, &found);
                                       }) |
                             publish("pairs"),
                         [&](std::string_view topic, const auto&) { out.emplace_back(topic); });
    advance_both(running, 10);
    feed_all(running, {t(9, 1), q(9, 1), t(10, 1), q(10, 1)});
    CHECK(out == strings{"late_trades", "late_quotes", "pairs"});
}

TEST_CASE("a damaged archive of a join is refused, or gives other rows, and breaks nothing") {
    strings out;
    const auto begin = [&] { return start_join(out, false, full_join, {-5ms, 5ms}, drop_late); };
    auto running = begin();
    for (int i = 0; i < 6; ++i)
        feed_all(running, {t(i, i, std::string(1, static_cast<char>('a' + i % 2))), q(i, i)});
    const std::string good = save(running);
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const int bit : {0, 6}) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            auto loaded = begin();
            if (load(bad, loaded)) continue;
            feed(loaded, t(7, 7));
            advance_both(loaded, 20);
            CHECK_FALSE(loaded.finish());
        }
    }
}

TEST_CASE("an interval join says what it is, and refuses what makes no sense") {
    const auto join = [](between span, auto... options) {
        return interval_join(from<trade>("trades") | key_by(&trade::symbol),
                             from<quote>("quotes") | key_by(&quote::symbol), span, options...,
                             [](const trade& a, const quote& b) { return couple_of(&a, &b); });
    };
    const std::string text =
        describe(join({-1s, 2s}, lateness{3s}, late_to("a", "b"), max_keys{9})).text();
    CAPTURE(text);
    CHECK(text.find("5_interval_join <- 2_key_by, 4_key_by: kind inner, from -1s, to 2s, lateness "
                    "3s, max_lag 1h, late_left_to a, late_right_to b; max_keys 9, max_held_events "
                    "1000000, max_held_bytes 268435456 -> couple {") != std::string::npos);
    CHECK_THROWS_WITH(join({2s, 1s}, drop_late),
                      "interval_join: between must begin before it ends");
    CHECK_THROWS_AS(join({0s, duration::max()}, drop_late), std::invalid_argument);
    CHECK_THROWS_AS(join({0s, 1s}, drop_late, lateness{-1s}), std::invalid_argument);
    CHECK_THROWS_AS(join({0s, 1s}, drop_late, max_held{0}), std::invalid_argument);
    CHECK_THROWS_AS(join({0s, 1s}, drop_late, max_held{1, 0}), std::invalid_argument);
}
