#pragma once

#include <atomic>
#include <chrono>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// A clock that says what it was told last: one thread tells, any may ask.
class held_clock {
public:
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
    std::atomic<duration::rep> wall_{0};
    std::atomic<std::chrono::nanoseconds::rep> elapsed_{0};
};

/// What a pipeline reads that is recorded or replayed: between two calls its time stands still.
using held_time = clock_view<held_clock>;

}  // namespace millrace::detail
