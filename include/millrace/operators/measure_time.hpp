#pragma once

#include <chrono>
#include <system_error>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

namespace detail {

/// Measures how long what is behind it takes, in all that it is told.
template <class Next>
struct timed_node : forwarding_node<Next> {
    duration spent{};

    template <class Event>
    void push(const Event& event, event_stamp at) {
        measured([&] { this->next.push(event, at); });
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        measured([&] { this->next.update(before, after, at); });
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        measured([&] { this->next.remove(gone, at); });
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        measured([&] { this->next.preview(row, at); });
    }
    void watermark(timestamp to, trigger why) {
        measured([&] { this->next.watermark(to, why); });
    }
    template <class Key>
    void key_watermark(const Key& key, timestamp to, trigger why) {
        measured([&] { this->next.key_watermark(key, to, why); });
    }
    void idle() {
        measured([&] { this->next.idle(); });
    }
    template <class Key>
    void key_idle(const Key& key) {
        measured([&] { this->next.key_idle(key); });
    }
    void wall_time(timestamp now) {
        measured([&] { this->next.wall_time(now); });
    }
    void end_batch() {
        measured([&] { this->next.end_batch(); });
    }
    std::error_code finish() {
        return measured([&] { return this->next.finish(); });
    }
    bool resume() {
        return measured([&] { return this->next.resume(); });
    }
    void flush() {
        measured([&] { this->next.flush(); });
    }
    template <class Stats>
    void collect(Stats& stats) const {
        if constexpr (requires { stats.note_time(spent); }) stats.note_time(spent);
        this->next.collect(stats);
    }

private:
    template <class Call>
    auto measured(Call&& call) {
        const auto begin = std::chrono::steady_clock::now();
        const at_exit add{[&] { spent += std::chrono::steady_clock::now() - begin; }};
        return call();
    }
};

}  // namespace detail

struct measure_time_stage : stage {
    using measures_time = void;
    using passes_all = void;
    using takes_updates = void;

    template <class Stream>
    static consteval void require() {}

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }
};

/// Asks for the time that each stage takes, as `stage_stats::time_spent`: of all stages of its
/// pipeline, or of its branch of a tee.
///
///     from<trade>("trades") | measure_time | map(parse) | ...
///
/// It costs two readings of the clock an event and stage, and nothing where it is not asked for. It
/// is no stage in what `describe` says.
inline constexpr measure_time_stage measure_time{};

}  // namespace millrace
