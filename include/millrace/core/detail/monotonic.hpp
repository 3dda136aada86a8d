#pragma once

#include <chrono>
#include <concepts>

#include <millrace/core/clock.hpp>

namespace millrace::detail {

/// A time for timeouts, which does not jump when the wall's clock is set: the steady clock beside
/// the system's, else what the clock itself says.
template <clock Clock>
[[nodiscard]] std::chrono::nanoseconds monotonic_now(const Clock& time) {
    if constexpr (std::same_as<Clock, system_clock>) {
        return std::chrono::steady_clock::now().time_since_epoch();
    } else {
        return time.now().time_since_epoch();
    }
}

}  // namespace millrace::detail
