#pragma once

#include <concepts>

#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The Clock policy: tells the wall's time.
template <class T>
concept clock = requires(const T& c) {
    { c.now() } -> std::same_as<timestamp>;
};

/// The machine's clock.
struct system_clock {
    [[nodiscard]] timestamp now() const noexcept {
        return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
    }
};

/// A clock that moves only when told to: for tests and for replay.
class manual_clock {
public:
    manual_clock() = default;
    explicit manual_clock(timestamp start) noexcept : now_{start} {}

    [[nodiscard]] timestamp now() const noexcept { return now_; }
    void set(timestamp time) noexcept { now_ = time; }
    void advance(duration by) noexcept { now_ += by; }

private:
    timestamp now_{};
};

}  // namespace millrace
