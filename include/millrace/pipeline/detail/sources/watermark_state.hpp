#pragma once

#include <algorithm>
#include <cstdint>

#include <millrace/pipeline/source_time.hpp>

namespace millrace::detail {

/// How a watermark follows event times.
struct watermark_state {
    timestamp watermark = timestamp::min();

    /// True where the watermark rises.
    bool observe(timestamp time, const source_time& settings) noexcept {
        std::int64_t count = 0;
        if (__builtin_sub_overflow(time.time_since_epoch().count(), settings.out_of_order.count(),
                                   &count))
            return false;
        timestamp to{duration{count}};
        if (to <= watermark) return false;
        if (to > settings.unlimited_until) [[unlikely]]
            to = limited(to, settings.step);
        watermark = to;
        return true;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(watermark);
    }

private:
    [[nodiscard]] timestamp limited(timestamp to, duration step) const noexcept {
        if (step != duration::max() && watermark != timestamp::min())
            to = std::min(to, saturated_add(watermark, step));
        // The end of time is nobody's watermark, lest it make its own event late.
        return std::min(to, timestamp::max() - duration{1});
    }
};

}  // namespace millrace::detail
