#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/pipeline/detail/state/broadcast_node.hpp>
#include <millrace/pipeline/detail/state/waiting_order.hpp>

namespace millrace::detail {

/// Likewise, by time: events wait until the stream's watermark is past them, and rules until it is
/// past them or an event of their time, or a later one, goes on. What comes behind that does not
/// wait. Of the rules and events of one time the rules are first.
template <class Event, class Rule, class Inner, class OnRule>
struct ordered_broadcast_node {
    using meeting = broadcast_node<Inner, OnRule>;
    static constexpr bool wants_wall_time = Inner::wants_wall_time;
    using events = typename meeting::events;
    using rules = typename meeting::rules;

    meeting to;
    std::size_t limit;  ///< of what waits
    std::size_t byte_limit;

    void push(events, const Event& event, event_stamp at) {
        wait_or(waiting_events, event, at.time,
                [&](event_stamp as) { to.push(events{}, event, as); });
    }
    void push(rules, const Rule& rule, event_stamp at) {
        wait_or(waiting_rules, rule, at.time, [&](event_stamp as) { to.push(rules{}, rule, as); });
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    void watermark(events, timestamp until, trigger why) {
        first_exception errors;
        while (waiting_events.has_before(until) || waiting_rules.has_before(until))
            errors.guard([&] { release_one(); });
        errors.guard([&] { to.watermark(events{}, until, why); });
        errors.rethrow();
    }
    void watermark(rules, timestamp, trigger) noexcept {}

    /// Nothing else may come for long.
    void idle(events) {
        first_exception errors;
        release_events(errors);
        errors.guard([&] { to.idle(events{}); });
        errors.rethrow();
    }
    void idle(rules) noexcept {}
    void active(events) { to.active(events{}); }
    void active(rules) noexcept {}

    void wall_time(timestamp now) { to.wall_time(now); }
    std::error_code finish() {
        first_exception errors;
        release_events(errors);
        const std::error_code error = errors.guard([this] { return to.finish(); });
        errors.rethrow();
        return error;
    }
    bool resume() { return to.resume(); }
    [[nodiscard]] bool has_room() const { return to.has_room(); }
    void begin_batch() { to.begin_batch(); }
    void end_batch() { to.end_batch(); }
    void flush() { to.flush(); }
    void settle() { to.settle(); }
    [[nodiscard]] std::uint64_t events_in() const noexcept {
        return to.events_in() + waiting_events.size() + waiting_rules.size();
    }
    template <class Stats>
    void collect_own(Stats& stats) const {
        to.collect_own(stats);
    }
    template <class Stats>
    void collect(Stats& stats) const {
        stats.released_early += released_early;
        stats.state_bytes += waiting_events.bytes() + waiting_rules.bytes();
        to.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(waiting_events, waiting_rules, released_early, to);
    }

    waiting_order<Event> waiting_events{byte_limit};
    waiting_order<Rule> waiting_rules{byte_limit};
    std::uint64_t released_early = 0;

private:
    /// What follows was told of no other watermark than `to.passed_on`.
    template <class Waiting, class One, class Act>
    void wait_or(Waiting& waiting, const One& one, timestamp time, Act&& act) {
        const std::size_t bytes = kept_event<One>::bytes_of(one);
        const bool is_too_large = bytes > byte_limit;
        if (time < to.passed_on || is_too_large) {
            released_early += time >= to.passed_on;
            return act(event_stamp{time, to.passed_on});
        }
        first_exception errors;
        while (waiting_events.size() + waiting_rules.size() >= limit ||
               waiting_events.waiting_bytes() + waiting_rules.waiting_bytes() >
                   byte_limit - bytes) {
            ++released_early;
            errors.guard([&] { release_one(); });
        }
        waiting.add(one, time);
        errors.rethrow();
    }

    /// The first of what waits.
    void release_one() {
        const auto give = [this](auto port) {
            return [this, port](const auto& one, timestamp time) {
                to.push(port, one, {time, to.passed_on});
            };
        };
        if (waiting_events.empty() ||
            (!waiting_rules.empty() && waiting_rules.earliest() <= waiting_events.earliest())) {
            waiting_rules.release_first(give(rules{}));
        } else {
            waiting_events.release_first(give(events{}));
        }
    }
    void release_events(first_exception& errors) {
        while (!waiting_events.empty()) errors.guard([&] { release_one(); });
    }
};

}  // namespace millrace::detail
