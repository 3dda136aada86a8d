#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/require_option.hpp>

namespace millrace {

/// How often and when a client tries again.
struct backoff_options {
    /// The first wait is at most this, each further one at most twice the one before.
    std::chrono::milliseconds base{250};
    /// No wait is longer.
    std::chrono::milliseconds cap = std::chrono::seconds{30};
    /// Tries in a row, the first connection not counted, after which the client gives up; with 0 it
    /// never connects again.
    std::size_t max_attempts = SIZE_MAX;
    /// A connection that stood for so long ends the row: the next wait is a first one again.
    std::chrono::milliseconds stable_after = std::chrono::seconds{10};
};

namespace detail {

/// Exponential backoff with full jitter: wait n is drawn evenly from 0 to min(cap, base * 2^n), so
/// that clients that were cut off together do not come back together. (M. Brooker, "Exponential
/// Backoff And Jitter", AWS Architecture Blog, 2015.)
class backoff {
public:
    /// @throws std::invalid_argument for a base below 1 ms, a cap below the base, a time longer
    /// than a hundred years.
    explicit backoff(const backoff_options& options);

    /// The next wait; nothing once `max_attempts` were drawn in a row.
    template <std::uniform_random_bit_generator Random>
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next(Random& random) {
        if (attempts_ == options_.max_attempts) return std::nullopt;
        ++attempts_;
        const auto share = static_cast<double>(random() - Random::min()) /
                           static_cast<double>(Random::max() - Random::min());
        const std::chrono::duration<double, std::nano> wait = longest_ * share;
        longest_ = longest_ > options_.cap / 2 ? options_.cap : longest_ * 2;
        return std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
    }

    /// The row has ended.
    void reset() noexcept;

    [[nodiscard]] const backoff_options& options() const noexcept { return options_; }

private:
    backoff_options options_;
    std::chrono::nanoseconds longest_;
    std::size_t attempts_ = 0;
};

}  // namespace detail

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/client/backoff.ipp>
#endif
