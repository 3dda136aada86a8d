#pragma once

#include <map>
#include <optional>
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
    struct arrival {
        std::string key;
        long long time;
        double price;
    };
    struct said {
        std::string why;
        std::uint64_t count;
        double sum;
        bool is_final;

        friend bool operator==(const said&, const said&) = default;
    };
    using id = std::pair<std::string, long long>;

    long long size, disorder, lateness;  // milliseconds
    bool is_per_key;
    naive_trigger early, late;
    bool says_final;
    std::vector<arrival> all{};

    [[nodiscard]] std::map<id, std::vector<said>> records() const {
        // The watermark behind each event: of each key, or of all.
        std::map<std::string, std::vector<std::pair<std::size_t, long long>>> time;
        for (std::size_t i = 0; i != all.size(); ++i) {
            auto& of = time[is_per_key ? all[i].key : ""];
            const long long to = all[i].time - disorder;
            of.emplace_back(i, of.empty() ? to : std::max(of.back().second, to));
        }
        std::map<id, std::vector<std::size_t>> windows;
        for (std::size_t i = 0; i != all.size(); ++i) {
            const long long rest = all[i].time % size;
            windows[{all[i].key, all[i].time - (rest < 0 ? rest + size : rest)}].push_back(i);
        }
        std::map<id, std::vector<said>> made;
        for (const auto& window : windows) {
            const id at = window.first;
            const std::vector<std::size_t>& events = window.second;
            const auto& marks = time[is_per_key ? at.first : ""];
            const auto first_at = [&](long long mark) {
                for (const auto& [i, to] : marks)
                    if (to >= mark) return i;
                return all.size();
            };
            const std::size_t end = first_at(at.second + size);
            const std::size_t gone = first_at(at.second + size + lateness);
            auto& out = made[at];
            std::uint64_t count = 0;
            double sum = 0;
            std::uint32_t unsaid = 0;
            std::size_t next = 0;
            const auto say = [&](const char* why, bool is_final) {
                out.push_back({why, count, sum, is_final});
                unsaid = 0;
            };
            const auto take = [&](const naive_trigger& by, const char* why, std::size_t until) {
                for (; next != events.size() && events[next] <= until; ++next) {
                    const arrival& one = all[events[next]];
                    ++count;
                    sum += one.price;
                    if (by.fires(++unsaid, one.price)) say(why, false);
                }
            };
            const bool stops = end == all.size();
            take(early, "early", end);
            if (count != 0) say(stops ? "stop" : "watermark", stops || gone == end);
            if (!stops && gone != end) {
                take(late, "late", gone);
                const bool repeats = says_final ? count != 0 : unsaid != 0;
                if (repeats) say(gone == all.size() ? "stop" : "watermark", says_final);
            }
            if (out.empty()) made.erase(at);
        }
        return made;
    }
};
