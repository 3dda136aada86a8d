#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port_watermarks.hpp>

namespace millrace::detail {

/// The time of a node where streams meet, each of which counts for it.
///
/// @tparam Node derives from it, and has `release(until, errors)`: what waited for the streams'
/// time goes on, before what follows is told of that
template <class Node, std::size_t Ports, class Next>
class meeting_base {
public:
    static constexpr bool wants_wall_time = Next::wants_wall_time;

    void watermark(std::size_t port, timestamp to, trigger why) {
        watermarks_.raise(port, to);
        pass_on(why);
    }
    void idle(std::size_t port) {
        watermarks_.idle(port);
        first_exception thrown;
        thrown.guard([&] { pass_on(trigger::watermark); });
        if (watermarks_.is_idle()) thrown.guard([&] { next_.idle(); });
        thrown.rethrow();
    }
    void active(std::size_t port) {
        const bool was_idle = watermarks_.is_idle();
        watermarks_.active(port);
        first_exception thrown;
        if (was_idle) thrown.guard([&] { next_.active(); });
        thrown.guard([&] { pass_on(trigger::watermark); });
        thrown.rethrow();
    }
    void wall_time(timestamp now) { next_.wall_time(now); }
    std::error_code finish() {
        first_exception thrown;
        self().release(timestamp::max(), thrown);
        const std::error_code error = thrown.guard([this] { return next_.finish(); });
        thrown.rethrow();
        return error;
    }
    bool resume() { return next_.resume(); }
    [[nodiscard]] bool has_room() const { return next_.has_room(); }
    void begin_batch() { next_.begin_batch(); }
    void end_batch() { next_.end_batch(); }
    void flush() { next_.flush(); }
    void settle() { next_.settle(); }
    [[nodiscard]] std::uint64_t events_in() const noexcept { return came_; }
    template <class Stats>
    void collect_own(Stats& stats) const {
        stats.watermark = passed_on_;
    }
    template <class Stats>
    void collect(Stats& stats) const {
        next_.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(watermarks_, watermark_, passed_on_, came_, next_);
    }

protected:
    /// What follows is told of a time that is so far behind the streams'.
    meeting_base(duration max_lag, duration behind, Next next)
        : watermarks_{max_lag}, behind_{behind}, next_{std::move(next)} {}

    /// How far the time of the streams has come, and what follows was told.
    [[nodiscard]] timestamp watermark() const noexcept { return watermark_; }
    [[nodiscard]] timestamp passed_on() const noexcept { return passed_on_; }

    /// Of one port, as an event says, before it is passed on. @return what holds for all then
    timestamp raise(std::size_t port, timestamp to) noexcept {
        watermarks_.raise(port, to);
        return watermarks_.combined();
    }

    void count_event() noexcept { ++came_; }
    [[nodiscard]] Next& next() noexcept { return next_; }

private:
    [[nodiscard]] Node& self() noexcept { return static_cast<Node&>(*this); }

    void pass_on(trigger why) {
        const timestamp to = watermarks_.combined();
        if (to <= watermark_) return;
        watermark_ = to;
        first_exception thrown;
        self().release(to, thrown);
        const timestamp told = to == timestamp::max() ? to : saturated_add(to, -behind_);
        if (told > passed_on_) {
            passed_on_ = told;
            thrown.guard([&] { next_.watermark(told, why); });
        }
        thrown.rethrow();
    }

    port_watermarks<Ports> watermarks_;
    duration behind_;
    timestamp watermark_ = timestamp::min();
    timestamp passed_on_ = timestamp::min();
    std::uint64_t came_ = 0;
    Next next_;
};

}  // namespace millrace::detail
