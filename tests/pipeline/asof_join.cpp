#include <millrace/pipeline/asof_join.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>

#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/publish.hpp>

#include "joined.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

constexpr auto padded = [](const trade& t, const quote* q) { return couple_of(&t, q); };
constexpr auto matched = [](const trade& t, const quote& q) { return couple_of(&t, &q); };

/// A quote below zero says that there is none.
constexpr auto is_gone = [](const quote& q) { return q.bid < 0; };

template <class... Arguments>
auto start_join(strings& out, bool notes_watermarks, Arguments... arguments) {
    return start(asof_join(manual_source<trade>("trades", &trade::symbol),
                           manual_source<quote>("quotes", &quote::symbol), arguments...) |
                 note_couples{out, notes_watermarks});
}

}  // namespace

TEST_CASE("facts G21: the last quote until a trade holds, and of one time the one that came last") {
    const auto all = {q(5, 1), q(5, 2), q(9, 3), t(4, 1), t(5, 2), t(8, 3), t(9, 4)};
    const auto rows = [&](auto... options) {
        strings out;
        auto running = start_join(out, false, options..., drop_late, padded);
        feed_all(running, all);
        CHECK(out.empty());
        CHECK_FALSE(running.finish());
        return out;
    };
    CHECK(rows() == strings{"1 -1 4", "2 2 5", "3 2 8", "4 3 9"});
    CHECK(rows(within{3ms}) == strings{"1 -1 4", "2 2 5", "3 2 8", "4 3 9"});
    CHECK(rows(within{2ms}) == strings{"1 -1 4", "2 2 5", "3 -1 8", "4 3 9"});
    CHECK(rows(allow_exact_matches{false}) == strings{"1 -1 4", "2 -1 5", "3 2 8", "4 2 9"});
}

TEST_CASE("facts G22: a trade meets the version that was valid at its time, or none once deleted") {
    strings out;
    auto running = start_join(out, false, deleted_when{is_gone}, drop_late, padded);
    feed_all(running, {q(0, 100), q(10, 110), t(7, 1), q(5, 105)});
    advance_both(running, 8);
    CHECK(out == strings{"1 105 7"});
    feed_all(running, {t(12, 2), q(15, -1), t(16, 3)});
    CHECK(out.size() == 1);
    advance_both(running, 17);
    CHECK(out == strings{"1 105 7", "2 110 12", "3 -1 16"});
}

namespace {

struct asof_rule {
    asof direction;
    std::optional<long long> within;
    bool takes_exact;
    bool is_inner;
};

/// Each trade looks at all quotes of its key.
strings naive_asof(const std::vector<join_input>& all, const asof_rule& rule, naive_lateness time,
                   std::multiset<double>& late) {
    std::vector<join_input> trades, quotes;
    for (const auto& one : all) {
        if (one.is_watermark) {
            time.watermark(one);
        } else if (!one.is_trade) {
            quotes.push_back(one);
        } else if (time.is_late(one)) {
            late.insert(one.number);
        } else {
            trades.push_back(one);
        }
    }
    std::ranges::stable_sort(trades, {}, &join_input::time);
    strings rows;
    for (const auto& one : trades) {
        const join_input *before = nullptr, *behind = nullptr;
        for (const auto& each : quotes) {
            const long long gap = each.time - one.time;
            if (each.key != one.key || (gap == 0 && !rule.takes_exact)) continue;
            if (rule.within && std::abs(gap) > *rule.within) continue;
            if (gap <= 0 && (before == nullptr || each.time >= before->time)) before = &each;
            if (gap >= 0 && (behind == nullptr || each.time <= behind->time)) behind = &each;
        }
        if (rule.direction == asof::forward) before = nullptr;
        if (rule.direction == asof::backward) behind = nullptr;
        const bool is_before =
            before != nullptr &&
            (behind == nullptr || one.time - before->time <= behind->time - one.time);
        const join_input* const found = is_before ? before : behind;
        if (found == nullptr && rule.is_inner) continue;
        rows.push_back(std::to_string(static_cast<int>(one.number)) + " " +
                       std::to_string(found == nullptr ? -1 : static_cast<int>(found->number)) +
                       " " + std::to_string(one.time));
    }
    return rows;
}

}  // namespace

TEST_CASE("an as-of join gives what a batch computation gives, in the order of time") {
    const unsigned seed = test_seed();
    std::uint64_t joined_late_quotes = 0;
    for (unsigned run = 0; run < 400; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        auto all = random_inputs(random, 150);
        asof_rule rule{static_cast<asof>(random() % 3), std::nullopt, random() % 3 != 0,
                       random() % 3 == 0};
        if (rule.direction != asof::backward || random() % 2 == 0)
            rule.within = static_cast<long long>(random() % 60);
        const long long late_by = random() % 2 == 0 ? 0 : static_cast<long long>(random() % 40);
        // A quote that is late for some trades holds for the others: of no naive rule.
        naive_lateness time{late_by};
        const bool keeps_late_quotes = random() % 4 == 0;
        if (!keeps_late_quotes) {
            std::erase_if(all, [&](const join_input& one) {
                if (one.is_watermark) time.watermark(one);
                return !one.is_watermark && !one.is_trade && time.is_late(one);
            });
        }
        std::multiset<double> right_late, late;
        const strings right = naive_asof(all, rule, naive_lateness{late_by}, right_late);
        const auto note_late = [&late](const trade& one) { late.insert(one.price); };
        strings out, cut;
        const auto begin = [&](strings& to) {
            return start_join(to, true, rule.direction,
                              within{rule.within ? *rule.within * 1ms : duration::max()},
                              allow_exact_matches{rule.takes_exact}, lateness{late_by * 1ms},
                              late_to(note_late), max_lag{duration::max()}, padded);
        };
        auto running = begin(out);
        for (const auto& one : all) feed(running, one);
        REQUIRE(late == right_late);
        CHECK_FALSE(running.finish());
        joined_late_quotes += keeps_late_quotes ? running.stats().late - late.size() : 0;
        if (!keeps_late_quotes) {
            strings rows;
            for (const auto& row : out) {
                const bool is_empty = row.find(" -1 ") != std::string::npos;
                if (row[0] != 'W' && !(is_empty && rule.is_inner)) rows.push_back(row);
            }
            REQUIRE(rows == right);
        }

        auto first = begin(cut);
        const std::size_t at = random() % all.size();
        for (std::size_t i = 0; i < at; ++i) feed(first, all[i]);
        auto second = begin(cut);
        REQUIRE_FALSE(load(save(first), second));
        for (std::size_t i = at; i < all.size(); ++i) feed(second, all[i]);
        CHECK_FALSE(second.finish());
        REQUIRE(cut == out);
    }
    CHECK(joined_late_quotes > 0);
}

TEST_CASE("an inner as-of join calls its function where there is a quote") {
    strings out;
    auto running = start_join(out, true, inner_join, within{2ms}, drop_late, matched);
    feed_all(running, {q(1, 1), t(2, 1), t(9, 2), t(2, 3, "b")});
    feed(running, {true, "", 10, 0, true});
    feed(running, {false, "", 10, 0, true});
    CHECK(out.back() == "W 10");
    CHECK(out[out.size() - 2] == "1 1 2");
}

TEST_CASE("what may come later is waited for, and what follows is told so much less") {
    strings out;
    auto running = start_join(out, true, asof::nearest, within{5ms}, max_lag{duration::max()},
                              drop_late, padded);
    feed_all(running, {t(10, 1), q(7, 7)});
    advance_both(running, 15);
    CHECK(out == strings{"W 10"});
    feed(running, q(15, 15));
    advance_both(running, 16);
    CHECK(out == strings{"W 10", "1 7 10", "W 11"});
}

TEST_CASE("a quote that is late holds for the trades that still come") {
    strings out;
    auto running = start_join(out, false, drop_late, padded);
    feed(running, t(9, 1));
    advance_both(running, 20);
    feed_all(running, {q(8, 8), t(19, 2), t(20, 3)});
    advance_both(running, 30);
    CHECK(out == strings{"1 -1 9", "3 8 20"});
    CHECK(running.stats().late == 2);
}

TEST_CASE("the state of an as-of join stays as it is while time goes on") {
    for (const bool has_tolerance : {true, false}) {
        strings out;
        auto running =
            start_join(out, false, within{has_tolerance ? duration{50ms} : duration::max()},
                       drop_late, padded);
        std::uint64_t most = 0, early = 0;
        for (long long now = 0; now < 40'000; ++now) {
            feed_all(running, {q(now, 1, std::string(1, static_cast<char>('a' + now % 7))),
                               t(now, 1, std::string(1, static_cast<char>('a' + now % 5)))});
            advance_both(running, now);
            out.clear();
            auto& highest = now < 1000 ? early : most;
            highest = std::max(highest, running.stats().state_bytes);
        }
        CHECK(most <= early + early / 4);
        CHECK(running.stats().keys == 7);
        advance_both(running, 1'000'000);
        for (int i = 0; i < 14; ++i) feed(running, q(1'000'000, 1));
        CHECK(running.stats().keys == (has_tolerance ? 1 : 7));
        CHECK_FALSE(running.finish());
        CHECK(running.stats().keys == 0);
    }
}

TEST_CASE("beyond its limits an as-of join refuses one side, and serves the other") {
    strings out;
    auto running = start_join(out, false, max_held{3}, max_keys{2}, drop_late, padded);
    for (int i = 0; i < 10; ++i) feed(running, t(i, i));
    CHECK(running.stats().refused_keys == 7);
    feed_all(running, {q(0, 5), q(0, 6, "b"), q(0, 7, "c"), q(1, 8), q(3, 9), q(4, 9)});
    CHECK(running.stats().refused_keys == 10);
    advance_both(running, 10);
    CHECK(out == strings{"0 5 0", "1 8 1", "2 8 2"});
    feed(running, q(10, 10));
    CHECK(running.stats().refused_keys == 10);
}

TEST_CASE("a function that throws costs the trade at which it does") {
    strings out;
    auto running = start(asof_join(manual_source<trade>("trades", &trade::symbol),
                                   manual_source<quote>("quotes", &quote::symbol), drop_late,
                                   [](const trade& one, const quote* found) {
                                       if (one.price == 2) throw std::runtime_error{"two"};
                                       return couple_of(&one, found);
                                   }) |
                         note_couples{out});
    feed_all(running, {t(1, 1), t(2, 2), t(3, 3)});
    feed(running, {true, "", 10, 0, true});
    CHECK_THROWS_WITH(feed(running, {false, "", 10, 0, true}), "two");
    CHECK(out == strings{"1 -1 1", "3 -1 3"});
}

TEST_CASE("an as-of join says what it is, and refuses what makes no sense") {
    const auto join = [](auto... options) {
        return asof_join(from<trade>("trades") | key_by(&trade::symbol),
                         from<quote>("quotes") | key_by(&quote::symbol), options..., padded);
    };
    const std::string text = describe(join(asof::forward, within{5s}, allow_exact_matches{false},
                                           max_keys{9}, late_to("late_trades")))
                                 .text();
    CAPTURE(text);
    CHECK(text.find("5_asof_join <- 2_key_by, 4_key_by: kind left, direction forward, within 5s, "
                    "allow_exact_matches false, lateness 0s, max_lag 1h, late_to late_trades; "
                    "max_keys 9, max_held_events 1000000, max_held_bytes 268435456 -> couple {") !=
          std::string::npos);
    CHECK_THROWS_WITH(join(asof::nearest, drop_late),
                      "asof_join: asof::forward and asof::nearest need within, for which events "
                      "wait");
    CHECK_THROWS_AS(join(within{-1s}, drop_late), std::invalid_argument);
    CHECK_THROWS_AS(join(lateness{-1s}, drop_late), std::invalid_argument);
    CHECK_THROWS_AS(join(max_held{0}, drop_late), std::invalid_argument);
    CHECK_THROWS_AS(join(max_keys{0}, drop_late), std::invalid_argument);
}

TEST_CASE("late trades go to their topic") {
    strings out;
    auto running = start(asof_join(from<trade>("trades", any_time) | key_by(&trade::symbol),
                                   from<quote>("quotes", any_time) | key_by(&quote::symbol),
                                   late_to("late_trades"), padded) |
                             publish("joined"),
                         [&](std::string_view topic, const auto& one) {
                             if constexpr (requires { one.symbol; }) {
                                 out.push_back(std::string{topic} + " " + std::string{one.symbol});
                             } else {
                                 out.push_back(std::string{topic});
                             }
                         });
    auto [trades, quotes] = running.sources();
    trades.push({"a", 1, 1, at_ms(10)});
    quotes.push({"a", 1, 1, at_ms(11)});
    trades.push({"b", 1, 1, at_ms(9)});
    trades.push({"c", 1, 1, at_ms(11)});
    CHECK(out == strings{"late_trades b", "joined"});
}
