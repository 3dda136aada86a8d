#pragma once

#include <chrono>
#include <concepts>

#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The Clock policy: what time it is, and how long things take. Both are read by `const` members.
///
/// | member                               | meaning                                               |
/// |--------------------------------------|-------------------------------------------------------|
/// | `timestamp wall()`                   | the wall's time, which may be set forward or back: for|
/// |                                      | event times and for dates in tokens                   |
/// | `std::chrono::nanoseconds elapsed()` | since any one moment; it never goes back and does not |
/// |                                      | jump with the wall's: for timeouts, rates and waits   |
template <class T>
concept clock = requires(const T& c) {
    { c.wall() } -> std::same_as<timestamp>;
    { c.elapsed() } -> std::same_as<std::chrono::nanoseconds>;
};

/// Stops the compiler when `T` is no clock.
template <class T>
consteval void require_clock() {
    static_assert(clock<T>,
                  "clock needs: timestamp wall() const and std::chrono::nanoseconds elapsed() "
                  "const (see millrace/core/clock.hpp)");
}

/// The machine's clocks.
struct system_clock {
    [[nodiscard]] timestamp wall() const noexcept {
        return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
    }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
};

/// A clock that moves only when told to: for tests and for replay.
class manual_clock {
public:
    manual_clock() = default;
    explicit manual_clock(timestamp start) noexcept : wall_{start} {}

    [[nodiscard]] timestamp wall() const noexcept { return wall_; }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }

    /// Sets the wall's time alone, as an administrator does.
    void set(timestamp time) noexcept { wall_ = time; }
    /// Time passes.
    void advance(duration by) noexcept {
        wall_ += by;
        elapsed_ += by;
    }

private:
    timestamp wall_{};
    std::chrono::nanoseconds elapsed_{};
};

/// A clock that another one drives, which outlives it.
template <clock Clock>
class clock_view {
public:
    explicit clock_view(const Clock& of) noexcept : of_{&of} {}

    [[nodiscard]] timestamp wall() const { return of_->wall(); }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return of_->elapsed(); }

    [[nodiscard]] const Clock& viewed() const noexcept { return *of_; }

private:
    const Clock* of_;
};

}  // namespace millrace
