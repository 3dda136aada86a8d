#pragma once

#include <algorithm>
#include <climits>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/firing.hpp>

#include "catch.hpp"
#include "fed.hpp"
#include "naive.hpp"

/// A trigger of one's own: fires behind a price of at least so much, and says so once an interval
/// of events.
struct after_large {
    double least;

    struct state {
        std::uint32_t seen = 0;

        template <class Archive>
        void archive(Archive& ar) {
            ar(seen);
        }
    };
    bool on_event(state& of, const trade& t, millrace::event_stamp at) const {
        if (at.time != t.time) throw std::logic_error{"another time"};
        return ++of.seen >= 3 && t.price >= least;
    }
    void merge(state& into, const state& other) const { into.seen += other.seen; }
};
static_assert(millrace::trigger_policy<after_large, trade>);

/// Counts and sums, but throws at what has a negative size.
struct picky_totals {
    using totals = millrace::summary<millrace::count, millrace::sum<&trade::price>>;
    totals of{};

    void update(const trade& t) {
        if (t.size < 0) throw std::runtime_error{"an analyzer"};
        of.update(t);
    }
    void merge(const picky_totals& other) { of.merge(other.of); }
    [[nodiscard]] auto result() const { return of.result(); }
    template <class Archive>
    void archive(Archive& ar) {
        ar(of);
    }
};

/// What a trigger asks, by the textbook.
struct naive_trigger {
    enum { none, each, by_count, large } kind = none;
    std::uint32_t count = 0;

    [[nodiscard]] bool fires(std::uint32_t unsaid, double price) const {
        switch (kind) {
            case each: return true;
            case by_count: return unsaid >= count;
            case large: return unsaid >= 3 && price >= count;
            default: return false;
        }
    }
};

/// What windows say, by sorting what came into windows and looking at each of them alone.
struct naive_firing {
    /// An event, a watermark of all that is told, or a reading of the wall's clock.
    struct step {
        enum { event, advance, reading } kind;
        long long time;  // milliseconds
        std::string key{};
        double price = 0;
        bool is_lost = false;  ///< the analyzer throws at it
    };
    struct said {
        std::string why;
        std::uint64_t count;
        double sum;
        bool is_final;

        friend bool operator==(const said&, const said&) = default;
    };
    using id = std::pair<std::string, long long>;
    using indexes = std::vector<std::size_t>;

    bool is_per_key = false, says_final = true, is_global = false;
    naive_trigger early{}, late{};
    long long interval = 0;  // none
    long long size = 1, slide = 1, offset = 0, disorder = 0, lateness = 0;
    std::vector<step> all{};

    /// How far time has come behind each step.
    [[nodiscard]] std::vector<long long> watermarks(const std::string& key) const {
        std::vector<long long> made(all.size(), LLONG_MIN);
        for (std::size_t i = 0; i != all.size(); ++i) {
            const step& one = all[i];
            if (i != 0) made[i] = made[i - 1];
            if (one.kind == step::advance) made[i] = std::max(made[i], one.time);
            if (one.kind == step::event && (!is_per_key || one.key == key))
                made[i] = std::max(made[i], one.time - disorder);
        }
        return made;
    }

    [[nodiscard]] std::vector<long long> starts_of(long long time) const {
        if (is_global) return {0};
        const long long rest = (time - offset) % slide;
        std::vector<long long> made;
        for (long long at = time - (rest < 0 ? rest + slide : rest); at > time - size; at -= slide)
            made.push_back(at);
        return made;
    }

    [[nodiscard]] std::map<id, std::vector<said>> records() const {
        std::map<std::string, std::vector<long long>> marks;
        std::map<id, indexes> windows;
        indexes readings;
        for (std::size_t i = 0; i != all.size(); ++i) {
            if (all[i].kind == step::reading) readings.push_back(i);
            if (all[i].kind != step::event) continue;
            if (!marks.contains(all[i].key)) marks[all[i].key] = watermarks(all[i].key);
            if (all[i].is_lost) continue;
            for (const long long start : starts_of(all[i].time))
                windows[{all[i].key, start}].push_back(i);
        }
        std::map<id, std::vector<said>> made;
        for (const auto& [at, events] : windows) {
            const auto says = records_of(at.second, events, readings, marks[at.first]);
            if (!says.empty()) made[at] = says;
        }
        return made;
    }

    [[nodiscard]] std::uint64_t late_events() const {
        std::map<std::string, std::vector<long long>> marks;
        std::uint64_t made = 0;
        for (std::size_t i = 0; i != all.size(); ++i) {
            if (all[i].kind != step::event || is_global) continue;
            if (!marks.contains(all[i].key)) marks[all[i].key] = watermarks(all[i].key);
            const long long mark = marks[all[i].key][i];
            const auto starts = starts_of(all[i].time);
            made += !starts.empty() && std::ranges::all_of(starts, [&](long long start) {
                return start + size + lateness <= mark;
            });
        }
        return made;
    }

private:
    [[nodiscard]] std::vector<said> records_of(long long start, const indexes& events,
                                               const indexes& readings,
                                               const std::vector<long long>& marks) const {
        const auto first_at = [&](long long mark) {
            if (is_global) return all.size();
            return static_cast<std::size_t>(std::ranges::lower_bound(marks, mark) - marks.begin());
        };
        const std::size_t end = first_at(start + size);
        const std::size_t gone = first_at(start + size + lateness);
        std::vector<said> out;
        std::uint64_t count = 0;
        double sum = 0;
        std::uint32_t unsaid = 0;
        std::size_t next = 0, read = 0;
        long long wall = 0, since = 0;
        const auto say = [&](const char* why, bool is_final) {
            out.push_back({why, count, sum, is_final});
            unsaid = 0;
        };
        const auto read_until = [&](std::size_t until) {
            for (; read != readings.size() && readings[read] < until; ++read) {
                wall = all[readings[read]].time;
                if (interval != 0 && unsaid != 0 && wall >= since + interval) say("early", false);
            }
        };
        const auto take = [&](const naive_trigger& by, const char* why, std::size_t until,
                              bool is_open) {
            for (; next != events.size() && events[next] <= until; ++next) {
                if (is_open) read_until(events[next]);
                const step& one = all[events[next]];
                ++count;
                sum += one.price;
                if (unsaid++ == 0) since = wall;
                if (by.fires(unsaid, one.price)) say(why, false);
            }
            if (is_open) read_until(until);
        };
        const bool stops = end == all.size();
        take(early, "early", end, true);
        if (count != 0) say(stops ? "stop" : "watermark", stops || gone == end);
        if (!stops && gone != end) {
            take(late, "late", gone, false);
            const bool repeats = says_final ? count != 0 : unsaid != 0;
            if (repeats) say(gone == all.size() ? "stop" : "watermark", says_final);
        }
        return out;
    }
};

/// What is drawn for a round of `check_random_firing`.
struct firing_setup {
    int size, slide, offset, disorder, lateness, interval;  // milliseconds
    std::uint32_t events, late_events, large;
};

/// Random streams through `make(setup, sink, clock)`, of which `model(setup)` is the naive model:
/// cut by save and load, in slices, with consumers and analyzers that throw, with times and
/// watermarks that go back, and with pauses in which the source is idle.
/// @return how many records came for each reason
template <class Model, class Make>
std::map<std::string, int> check_random_firing(Model model, Make make) {
    using namespace millrace;
    const auto seed = test_seed();
    std::mt19937 random{seed};
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    std::map<std::string, int> reasons;
    for (int round = 0; round < 200; ++round) {
        const int size = 1 + below(400);
        const firing_setup setup{size,
                                 std::max(1, size / 4) + below(size + size / 4),
                                 below(1000) - 500,
                                 below(3) == 0 ? 0 : below(300),
                                 1 + below(1500),
                                 1 + below(80),
                                 static_cast<std::uint32_t>(1 + below(6)),
                                 static_cast<std::uint32_t>(1 + below(4)),
                                 static_cast<std::uint32_t>(below(800))};
        const int step = 1 + below(20), jitter = below(1500);
        const long long shift = below(2) == 0 ? -102'000 : 0;
        INFO("seed " << seed << " round " << round << " size " << size << " slide " << setup.slide
                     << " offset " << setup.offset << " disorder " << setup.disorder << " lateness "
                     << setup.lateness << " interval " << setup.interval << " events "
                     << setup.events << ", late " << setup.late_events);
        naive_firing naive = model(setup);
        using step_type = naive_firing::step;
        std::map<naive_firing::id, std::vector<naive_firing::said>> found;
        std::map<naive_firing::id, std::uint32_t> revisions;
        bool throws = false;
        const auto sink = [&](const auto& row) {
            const bool is_all = row.window.start == timestamp::min();
            const naive_firing::id at{row.key, is_all ? 0 : ms_of(row.window.start)};
            std::uint32_t& revision = revisions[at];
            REQUIRE(row.revision == revision);
            REQUIRE((row.change == change::insert) == (revision == 0));
            ++revision;
            if (row.fired_by == trigger::idle) return;
            found[at].push_back({std::string{schema<trigger>.name_of(row.fired_by)},
                                 millrace::at<"count">(row), millrace::at<"sum">(row),
                                 row.is_final});
            if (std::exchange(throws, false)) throw std::runtime_error{"a consumer"};
        };
        manual_clock clock{at_ms(1'000'000'000'000)};
        const auto read = [&] { naive.all.push_back({step_type::reading, ms_of(clock.wall())}); };
        const auto do_all_of = [&](auto&& act) {
            for (throws = below(20) == 0;;) {
                try {
                    act();
                    break;
                } catch (const std::runtime_error&) {
                }
            }
            throws = false;
        };
        const auto start_anew = [&] { return make(setup, sink, clock_view{clock}); };
        auto running = start_anew();
        read();
        const auto tick = [&](duration by) {
            clock.advance(by);
            do_all_of([&] { running.tick(); });
            read();
        };
        int slice = below(2) == 0 ? 0 : 1 + below(3);
        if (slice != 0) running.close_in_slices(static_cast<std::size_t>(slice));
        const random_trades input{static_cast<unsigned>(random()), 300, 1 + below(5), jitter};
        for (trade each : input.events) {
            const long long time = (ms_of(each.time) + shift) / step * step;
            each.time = at_ms(time);
            if (below(60) == 0) each.size = -1;
            naive.all.push_back(
                {step_type::event, time, std::string{each.symbol}, each.price, each.size < 0});
            const std::uint64_t before = running.events();
            do_all_of([&] {
                while (running.events() == before) running.push(each);
            });
            if (slice != 0 && below(2) == 0) do_all_of([&] { running.resume(); });
            if (below(3) == 0) tick(std::chrono::milliseconds{below(40)});
            if (below(70) == 0)
                for (int i = 0; i != 3; ++i) tick(std::chrono::seconds{11});
            if (below(40) == 0) {
                const long long to = time - setup.disorder + below(100) - 50;
                naive.all.push_back({step_type::advance, to});
                do_all_of([&] { running.advance(at_ms(to)); });
            }
            if (below(97) != 0) continue;
            const std::string saved = save(running);
            auto resumed = start_anew();
            input_archive ar{saved};
            ar(resumed);
            REQUIRE(ar.ok());
            REQUIRE(ar.bytes_left() == 0);
            REQUIRE(save(resumed) == saved);
            running = std::move(resumed);
            slice = 0;
        }
        do_all_of([&] { running.finish(); });
        REQUIRE(running.stats().keys == 0);
        REQUIRE(running.stats().open_windows == 0);
        REQUIRE(running.stats().late == naive.late_events());
        const auto expected = naive.records();
        const auto text = [](const std::vector<naive_firing::said>& of) {
            strings made;
            for (const auto& each : of)
                made.push_back(each.why + " " + std::to_string(each.count) + " " +
                               std::to_string(each.sum) + (each.is_final ? " final" : ""));
            return made;
        };
        for (const auto& [at, rows] : expected) {
            INFO("window " << at.first << " " << at.second);
            if (found[at] != rows) REQUIRE(text(found[at]) == text(rows));
            for (const auto& each : rows) ++reasons[each.why];
        }
        REQUIRE(found.size() == expected.size());
    }
    return reasons;
}

/// Sources whose watermark is as the naive model's.
inline auto of_shared_time(const firing_setup& of) {
    return millrace::from<trade>("t", millrace::any_time,
                                 millrace::disorder{std::chrono::milliseconds{of.disorder}});
}
inline auto of_own_time(const firing_setup& of) {
    return millrace::from<trade>("t", millrace::any_time, millrace::per_key(&trade::symbol),
                                 millrace::disorder{std::chrono::milliseconds{of.disorder}});
}

/// Of tumbling windows.
inline naive_firing model_of(const firing_setup& of) {
    naive_firing made;
    made.size = made.slide = of.size;
    made.offset = of.offset;
    made.disorder = of.disorder;
    made.lateness = of.lateness;
    made.early = {naive_trigger::by_count, of.events};
    made.late = {naive_trigger::by_count, of.late_events};
    return made;
}
