#pragma once

#include <algorithm>
#include <chrono>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// Reads a wall's clock so that time never goes back. Where the clock is set back, or a state is
/// loaded that was saved by one that was ahead, the time that there was goes on at its pace; where
/// it is set forward, time follows, and back again if that is taken back.
class wall_reading {
public:
    /// @param leap what is set forward by more than that may be taken back
    template <clock Clock>
    timestamp next(const Clock& clock, duration leap = duration::max()) {
        const auto elapsed = clock.elapsed();
        const timestamp expected = is_fresh_ ? last_ : saturated_add(last_, elapsed - read_at_);
        const timestamp wall = clock.wall();
        const bool is_back = has_leapt_ && saturated_add(wall, leap) < expected;
        if (is_back) has_leapt_ = false;
        has_leapt_ |= last_ != timestamp::min() && saturated_add(expected, leap) < wall;
        last_ = is_back ? wall : std::max(wall, expected);
        read_at_ = elapsed;
        is_fresh_ = false;
        return last_;
    }

    /// Whether it was set forward by that much, and not back.
    [[nodiscard]] bool has_leapt() const noexcept { return has_leapt_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar(last_);
        if constexpr (Archive::is_loading) is_fresh_ = true;
    }

private:
    timestamp last_ = timestamp::min();
    std::chrono::nanoseconds read_at_{};
    bool is_fresh_ = true;  ///< of another clock, or of none
    bool has_leapt_ = false;
};

}  // namespace millrace::detail
