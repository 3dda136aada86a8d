#pragma once

#include <system_error>

#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The time of an event on its way through a pipeline.
struct event_stamp {
    timestamp time{};  ///< when it happened; a record of a window: the window's last instant
    timestamp
        watermark{};  ///< of its stream, or of its key, as it came: nothing earlier is expected
};

/// The end of a running pipeline, and what every node of one can be told. A node takes what comes
/// from the node in front of it and hands on to `next`, which it owns; all calls are resolved by
/// the compiler. A node of one's own derives from `forwarding_node<Next>` and replaces what it does
/// not only pass on: mostly `push` and `archive`.
struct end_node {
    /// Whether it, or a node behind it, is to be told of `wall_time`. Who wants it says so again.
    static constexpr bool wants_wall_time = false;

    /// One more event or record.
    template <class Event>
    void push(const Event&, event_stamp) noexcept {}
    /// Of an updating stream: `after` takes the place of `before`, which came earlier and lies in
    /// the same window. Of a record `before`, only key, window and result are as they were.
    template <class Event>
    void update(const Event& /*before*/, const Event& /*after*/, event_stamp) noexcept {}
    /// Likewise: `gone` does not hold.
    template <class Event>
    void remove(const Event& /*gone*/, event_stamp) noexcept {}
    /// What comes until `end_batch` came together: what it changes may wait until then, or until
    /// something comes that would tell. Between the two come only events, also corrections, and
    /// watermarks; `active`; and where windows close in slices and are behind, `resume` and
    /// `flush`.
    void begin_batch() noexcept {}
    /// @throws what an event threw that waited; then it is called again, for the next that did
    void end_batch() noexcept {}
    /// A record as it would be if its window closed now: for those who show or keep it. Another
    /// one of the same key and window follows, so it is not to be counted; or, where the window
    /// itself changes, such a record with `change::remove`.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}
    /// No event earlier than this will come.
    void watermark(timestamp, trigger) noexcept {}
    /// Likewise, of one key, where the source's time is `per_key`.
    template <class Key>
    void key_watermark(const Key&, timestamp, trigger) noexcept {}
    /// Nothing has come for the idle timeout: at all, or of one key where the time is `per_key`.
    void idle() noexcept {}
    template <class Key>
    void key_idle(const Key&) noexcept {}
    /// Behind `idle`: something comes again.
    void active() noexcept {}
    /// What time it is by the wall's clock, which never goes back here: some times a second at
    /// most, see `running_pipeline::tick`, and never while something else is told.
    void wall_time(timestamp) noexcept {}
    /// Nothing will come. Gives the first error of the storages.
    /// @throws what was thrown first on the way, once all else is done
    std::error_code finish() noexcept { return {}; }
    /// Goes on with what was put off (see `running_pipeline::close_in_slices`); true once nothing
    /// waits.
    bool resume() noexcept { return true; }
    /// Whether all storages can take more.
    [[nodiscard]] bool has_room() const noexcept { return true; }
    /// Makes durable what the storages hold.
    void flush() noexcept {}
    /// Waits for all that is under way in other threads, before a state is saved.
    void settle() noexcept {}
    template <class Stats>
    void collect(Stats&) const noexcept {}
    template <class Archive>
    void archive(Archive&) noexcept {}
};

/// A node that passes on all that it is told, for others to derive from.
template <class Next>
struct forwarding_node {
    static constexpr bool wants_wall_time = Next::wants_wall_time;

    Next next;

    template <class Event>
    void push(const Event& event, event_stamp at) {
        next.push(event, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        next.update(before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        next.remove(gone, at);
    }
    void begin_batch() { next.begin_batch(); }
    void end_batch() { next.end_batch(); }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        next.preview(row, at);
    }
    void watermark(timestamp to, trigger why) { next.watermark(to, why); }
    template <class Key>
    void key_watermark(const Key& key, timestamp to, trigger why) {
        next.key_watermark(key, to, why);
    }
    void idle() { next.idle(); }
    template <class Key>
    void key_idle(const Key& key) {
        next.key_idle(key);
    }
    void active() { next.active(); }
    void wall_time(timestamp now) { next.wall_time(now); }
    std::error_code finish() { return next.finish(); }
    bool resume() { return next.resume(); }
    [[nodiscard]] bool has_room() const { return next.has_room(); }
    void flush() { next.flush(); }
    void settle() { next.settle(); }
    template <class Stats>
    void collect(Stats& stats) const {
        next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(next);
    }
};

}  // namespace millrace
