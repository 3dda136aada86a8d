#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// A clock that says what it was told last: one thread tells, any may ask.
class held_clock {
public:
    held_clock() = default;
    /// With the clock that is told from, for those who do not go by what was told.
    explicit held_clock(std::function<timestamp()> live) : live_{std::move(live)} {}

    [[nodiscard]] timestamp live_wall() const { return live_ ? live_() : wall(); }

    [[nodiscard]] timestamp wall() const noexcept {
        return timestamp{duration{wall_.load(std::memory_order_relaxed)}};
    }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept {
        return std::chrono::nanoseconds{elapsed_.load(std::memory_order_relaxed)};
    }

    void hold(timestamp wall, std::chrono::nanoseconds elapsed) noexcept {
        wall_.store(wall.time_since_epoch().count(), std::memory_order_relaxed);
        elapsed_.store(elapsed.count(), std::memory_order_relaxed);
    }

private:
    std::function<timestamp()> live_;
    std::atomic<duration::rep> wall_{0};
    std::atomic<std::chrono::nanoseconds::rep> elapsed_{0};
};

/// What a pipeline reads that is recorded or replayed: between two calls its time stands still.
using held_time = clock_view<held_clock>;

/// The time that passes meanwhile, for checks in other threads: what they refuse does not come to
/// the pipeline, and what they let pass is checked again.
class live_time {
public:
    explicit live_time(const held_clock& of) noexcept : of_{&of} {}

    [[nodiscard]] timestamp wall() const { return of_->live_wall(); }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return of_->elapsed(); }

private:
    const held_clock* of_;
};

/// The clock of an `event_check`, by that of the pipeline.
template <class Clock>
[[nodiscard]] Clock check_clock(const Clock& of) {
    return of;
}
[[nodiscard]] inline live_time check_clock(const held_time& of) noexcept {
    return live_time{of.viewed()};
}

}  // namespace millrace::detail
