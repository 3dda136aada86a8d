#pragma once

#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/session.hpp>

#include "catch.hpp"
#include "fed.hpp"
#include "naive.hpp"

using session_totals = millrace::summary<millrace::count, millrace::sum<&trade::price>>;
using session_row = millrace::record<std::string, millrace::result_of<session_totals>>;

/// "+a[START,END)=SUM": + for an insert, ~ for an update and - for a removal.
inline std::string text_of(const session_row& row) {
    const char* const sign[] = {"+", "~", "-"};
    return sign[static_cast<int>(row.change)] + row.key + "[" +
           std::to_string(ms_of(row.window.start)) + "," + std::to_string(ms_of(row.window.end)) +
           ")=" + std::to_string(static_cast<long long>(millrace::at<"sum">(row))) +
           (row.is_final ? "" : " open");
}

/// A table by key and window that does what each record says, and says what it does not fit.
struct follower {
    using id = std::tuple<std::string, long long, long long>;
    struct entry {
        std::uint64_t count;
        double sum;
        std::uint32_t revision;
        bool is_final, is_preview;
    };
    std::map<id, entry> table{};

    void operator()(const session_row& row) {
        using millrace::change;
        const id at{row.key, ms_of(row.window.start), ms_of(row.window.end)};
        const auto require = [&](bool holds) {
            if (!holds) FAIL(text_of(row));
        };
        require(row.window.start < row.window.end);
        const auto found = table.find(at);
        if (row.change == change::insert) {
            require(found == table.end());
            require(row.revision == 0);
        } else {
            require(found != table.end());
            require(row.revision == found->second.revision + 1);
            require(!found->second.is_final);
        }
        if (row.change == change::remove) {
            if (!found->second.is_preview)  // they have grown since
                require(millrace::at<"count">(row) == found->second.count);
            table.erase(found);
            return;
        }
        require(millrace::at<"count">(row) > 0);
        const entry now{millrace::at<"count">(row), millrace::at<"sum">(row), row.revision,
                        row.is_final, row.fired_by == millrace::trigger::idle};
        const auto here = table.insert_or_assign(at, now).first;
        if (here != table.begin()) require(are_apart(*std::prev(here), *here));
        if (std::next(here) != table.end()) require(are_apart(*here, *std::next(here)));
    }

    static bool are_apart(const std::pair<const id, entry>& before,
                          const std::pair<const id, entry>& after) {
        return std::get<0>(before.first) != std::get<0>(after.first) ||
               std::get<2>(before.first) <= std::get<1>(after.first);
    }
};

/// Sessions by the textbook: the events that are not late, sorted.
struct naive_sessions {
    long long gap, disorder, lateness;  // milliseconds
    bool is_per_key;
    std::map<std::string, std::vector<std::pair<long long, double>>> events{};
    std::map<std::string, long long> latest{};
    std::uint64_t late = 0, taken = 0;

    void push(const std::string& key, long long time, double value) {
        const auto [at, is_first] = latest.try_emplace(is_per_key ? key : "", time);
        if (!is_first && time < at->second - disorder - lateness) {
            ++late;
        } else {
            events[key].emplace_back(time, value);
            ++taken;
        }
        at->second = std::max(at->second, time);
    }

    std::map<follower::id, naive_windows::totals> sessions() {
        std::map<follower::id, naive_windows::totals> made;
        for (auto& [key, all] : events) {
            std::sort(all.begin(), all.end());
            for (std::size_t i = 0; i != all.size();) {
                const long long start = all[i].first;
                naive_windows::totals sums;
                long long last = start;
                for (; i != all.size() && (all[i].first < last + gap); ++i) {
                    last = all[i].first;
                    ++sums.count;
                    sums.sum += all[i].second;
                }
                made[{key, start, last + gap}] = sums;
            }
        }
        return made;
    }
};

/// Random streams through `source`, whose watermark is as the naive model's: cut by save and load,
/// in slices, with a consumer that throws, and with pauses in which the source is idle.
template <class MakeSource, class... Options>
void check_random_sessions(bool is_per_key, MakeSource make_source, Options... options) {
    using namespace millrace;
    using std::chrono::milliseconds;
    const auto seed = test_seed();
    std::mt19937 random{seed};
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    int joined_twice = 0, lengthened = 0, cut = 0;
    for (int round = 0; round < 200; ++round) {
        const int disorder_ms = below(3) == 0 ? 0 : below(300);
        const int lateness_ms = below(4) == 0 ? 0 : below(3000);
        const int jitter = below(4) == 0 ? 0 : below(2500);
        const int gap = 1 + below(250), step = 1 + below(40);
        const int keys = 1 + below(8);
        const bool has_maximum = below(4) == 0;
        const int maximum = gap + below(500);
        const long long shift = below(2) == 0 ? -102'000 : 0;
        INFO("seed " << seed << " round " << round << " disorder " << disorder_ms << " lateness "
                     << lateness_ms << " jitter " << jitter << " gap " << gap << " maximum "
                     << (has_maximum ? maximum : 0));
        random_trades input{static_cast<unsigned>(random()), 400, keys, jitter};
        naive_sessions naive{gap, disorder_ms, lateness_ms, is_per_key};
        follower table;
        manual_clock clock{at_ms(1'000'000'000'000)};
        bool throws = false;
        int removed = 0;
        const session window = has_maximum ? session{milliseconds{gap}, milliseconds{maximum}}
                                           : session{milliseconds{gap}};
        const auto sink = [&](const session_row& row) {
            table(row);
            removed = row.change == change::remove ? removed + 1 : 0;
            if (removed == 2) ++joined_twice;
            if (row.change == change::remove && row.fired_by == trigger::late) ++lengthened;
            if (std::exchange(throws, false)) throw std::runtime_error{"a consumer"};
        };
        const auto make = [&] {
            auto running =
                start(make_source(disorder{milliseconds{disorder_ms}}) | key_by(&trade::symbol) |
                          millrace::window(window, drop_late, lateness{milliseconds{lateness_ms}},
                                           options...) |
                          process<session_totals>(),
                      sink, clock_view{clock});
            return running;
        };
        auto running = make();
        int slice = below(2) == 0 ? 0 : 1 + below(3);
        if (slice != 0) running.close_in_slices(static_cast<std::size_t>(slice));
        for (trade each : input.events) {
            const long long time = (ms_of(each.time) + shift) / step * step;
            each.time = at_ms(time);
            naive.push(std::string{each.symbol}, time, each.price);
            throws = sizeof...(Options) == 0 && below(20) == 0;
            for (const std::uint64_t before = running.stats().events;
                 running.stats().events == before;) {
                try {
                    running.push(each);
                } catch (const std::runtime_error&) {
                }
            }
            throws = false;
            if (slice != 0 && below(2) == 0) running.resume();
            if (below(50) == 0) {
                for (int i = 0; i != 3; ++i) {
                    running.tick();
                    clock.advance(std::chrono::seconds{11});
                }
            }
            if (below(97) != 0) continue;
            const std::string saved = save(running);
            auto resumed = make();
            input_archive ar{saved};
            ar(resumed);
            REQUIRE(ar.ok());
            REQUIRE(ar.bytes_left() == 0);
            REQUIRE(save(resumed) == saved);
            running = std::move(resumed);
            slice = 0;
        }
        running.finish();
        REQUIRE(running.stats().late == naive.late);
        REQUIRE(running.stats().open_windows == 0);
        REQUIRE(running.stats().keys == 0);
        std::uint64_t counted = 0;
        for (const auto& [at, found] : table.table) {
            REQUIRE(found.is_final);
            counted += found.count;
            if (has_maximum) REQUIRE(std::get<2>(at) - std::get<1>(at) <= maximum);
        }
        REQUIRE(counted == naive.taken);
        const auto expected = naive.sessions();
        bool is_cut = false;
        for (const auto& [at, totals] : expected)
            is_cut |= has_maximum && std::get<2>(at) - std::get<1>(at) > maximum;
        cut += is_cut;
        if (is_cut) continue;
        REQUIRE(table.table.size() == expected.size());
        for (const auto& [at, totals] : expected) {
            REQUIRE(table.table.contains(at));
            REQUIRE(table.table[at].count == totals.count);
            REQUIRE(table.table[at].sum == totals.sum);
        }
    }
    CHECK(joined_twice > 100);
    CHECK(lengthened > 1000);
    CHECK(cut > 5);
}
