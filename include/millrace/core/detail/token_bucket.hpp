#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace millrace::detail {

/// Lets `per_second` things a second pass, and up to `burst` at once after a pause.
///
/// It keeps the time at which the bucket would be full again rather than a count of tokens (the
/// "generic cell rate algorithm"), so that it is exact and needs no timer. Complexity: constant.
/// Memory: 24 bytes.
class token_bucket {
public:
    /// Full. The rate is rounded to whole nanoseconds a token.
    /// @throws std::invalid_argument for a rate that is not positive or above 10^9, a burst below
    /// 1, or a bucket that takes more than 90 years to fill.
    explicit token_bucket(double per_second, std::int64_t burst = 1) {
        constexpr double second = 1e9, longest = 90 * 365.25 * 86'400 * second;
        const double interval = second / per_second;
        if (!(per_second > 0 && interval >= 1))
            throw std::invalid_argument{"token_bucket: the rate must be in (0, 10^9] a second"};
        if (burst < 1 || !(static_cast<double>(burst) * interval <= longest))
            throw std::invalid_argument{
                "token_bucket: the burst must be at least 1, and its "
                "tokens must come within 90 years"};
        interval_ = std::chrono::nanoseconds{static_cast<std::int64_t>(interval + 0.5)};
        capacity_ = interval_ * burst;
    }

    /// As much at once as in a second: at least 1, at most 10^9.
    [[nodiscard]] static token_bucket of_a_second(std::size_t tokens) {
        const std::size_t rate = std::clamp<std::size_t>(tokens, 1, 1'000'000'000);
        return token_bucket{static_cast<double>(rate), static_cast<std::int64_t>(rate)};
    }

    /// Takes a token, if there is one. `now` is of any one clock; where it goes back, no token is
    /// gained.
    [[nodiscard]] bool take(std::chrono::nanoseconds now) noexcept {
        const auto full_at = std::max(full_at_, now) + interval_;
        if (full_at - now > capacity_) return false;
        full_at_ = full_at;
        return true;
    }

    /// How long from `now` until there is a token; zero if there is one.
    [[nodiscard]] std::chrono::nanoseconds wait(std::chrono::nanoseconds now) const noexcept {
        const auto missing = std::max(full_at_, now) + interval_ - now - capacity_;
        return std::max(missing, std::chrono::nanoseconds::zero());
    }

    /// From when on it is as good as new.
    [[nodiscard]] std::chrono::nanoseconds full_at() const noexcept { return full_at_; }

private:
    std::chrono::nanoseconds interval_{};
    std::chrono::nanoseconds capacity_{};
    std::chrono::nanoseconds full_at_ = std::chrono::nanoseconds::min();
};

}  // namespace millrace::detail
