#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>

namespace millrace::detail {

/// Where a stream meets the rules that all its events are to see. Time is that of the stream alone:
/// nothing that the rules' source says of it is passed on.
///
/// @tparam Inner takes the stream's events, and has the broadcast state in its `functions()`
template <class Inner, class OnRule>
struct broadcast_node {
    static constexpr bool wants_wall_time = Inner::wants_wall_time;
    using events = port<0>;
    using rules = port<1>;

    Inner inner;
    OnRule on_rule;
    std::uint64_t came = 0;
    timestamp passed_on = timestamp::min();  ///< the watermark that what follows was told

    template <class Event>
    void push(events, const Event& event, event_stamp at) {
        ++came;
        inner.push(event, at);
    }
    template <class Rule>
    void push(rules, const Rule& rule, event_stamp) {
        ++came;
        std::invoke(on_rule, inner.functions().broadcast, rule);
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    void watermark(events, timestamp to, trigger why) {
        passed_on = to;
        inner.watermark(to, why);
    }
    void watermark(rules, timestamp, trigger) noexcept {}
    void idle(events) { inner.idle(); }
    void idle(rules) noexcept {}
    void active(events) { inner.active(); }
    void active(rules) noexcept {}

    void wall_time(timestamp now) { inner.wall_time(now); }
    std::error_code finish() { return inner.finish(); }
    bool resume() { return inner.resume(); }
    [[nodiscard]] bool has_room() const { return inner.has_room(); }
    void begin_batch() { inner.begin_batch(); }
    void end_batch() { inner.end_batch(); }
    void flush() { inner.flush(); }
    void settle() { inner.settle(); }
    [[nodiscard]] std::uint64_t events_in() const noexcept { return came; }
    template <class Stats>
    void collect_own(Stats& stats) const {
        stats.watermark = passed_on;
    }
    template <class Stats>
    void collect(Stats& stats) const {
        inner.collect(stats);
    }

    /// A state that is not whole takes nothing's place.
    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        auto& state = inner.functions().broadcast;
        if constexpr (Archive::is_loading) {
            std::remove_reference_t<decltype(state)> loaded{};
            ar(loaded);
            if (!ar.ok()) return;
            state = std::move(loaded);
        } else {
            ar(state);
        }
        ar(came, passed_on, inner);
    }
};

}  // namespace millrace::detail
