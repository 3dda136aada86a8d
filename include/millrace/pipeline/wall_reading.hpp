#pragma once

#include <algorithm>
#include <chrono>

#include <millrace/core/clock.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// Reads a wall's clock so that time never goes back. Where the clock is set back, or a state is
/// loaded that was saved by one that was ahead, the time that there was goes on at its pace; where
/// it is set forward, time follows.
class wall_reading {
public:
    template <clock Clock>
    timestamp next(const Clock& clock) {
        const auto elapsed = clock.elapsed();
        const timestamp expected = is_fresh_ ? last_ : saturated_add(last_, elapsed - read_at_);
        last_ = std::max(clock.wall(), expected);
        read_at_ = elapsed;
        is_fresh_ = false;
        return last_;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(last_);
        if constexpr (Archive::is_loading) is_fresh_ = true;
    }

private:
    timestamp last_ = timestamp::min();
    std::chrono::nanoseconds read_at_{};
    bool is_fresh_ = true;  ///< of another clock, or of none
};

}  // namespace millrace::detail
