#pragma once

#include <algorithm>
#include <utility>

#include <millrace/core/clock.hpp>
#include <millrace/pipeline/detail/sources/wall_reading.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace::detail {

/// What the wall clock allows of event times. It is read where a time comes near to its limits, at
/// most once a batch. Where it is set back, the time that it had goes on; but a leap by more than
/// `max_ahead` that is taken back lets in no more what it had let in.
template <class Clock>
class present {
public:
    present(const source_time& settings, Clock clock)
        : clock_{std::move(clock)},
          ahead_{settings.furthest_ahead},
          skew_{std::min(settings.skew, settings.furthest_ahead)} {
        if (!settings.is_bounded) trusted_ = admitted_ = timestamp::max();
    }

    /// The time of this batch.
    [[nodiscard]] timestamp now() {
        read();
        return wall_;
    }

    /// What comes now belongs together.
    void begin_batch() noexcept { is_read_ = false; }

    /// To be called some times a second: after a leap the clock may have been set back.
    void look() {
        begin_batch();
        if (reading_.has_leapt()) read();
    }

    /// Whether an event of that time is taken.
    [[nodiscard]] bool admits(timestamp time) {
        if (time <= trusted_) [[likely]]
            return true;
        if (time > admitted_) read();
        return time <= admitted_;
    }

    /// How far an event of that time, which is admitted, may move the watermark.
    [[nodiscard]] timestamp trusted(timestamp time) {
        if (time <= trusted_) [[likely]]
            return time;
        read();
        return time <= trusted_ ? time : wall_;
    }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

private:
    void read() {
        if (is_read_) return;
        is_read_ = true;
        wall_ = reading_.next(clock_, ahead_);
        if (trusted_ == timestamp::max()) return;
        admitted_ = saturated_add(wall_, ahead_);
        trusted_ = saturated_add(wall_, skew_);
    }

    Clock clock_;
    duration ahead_;
    duration skew_;
    timestamp wall_ = timestamp::min();
    wall_reading reading_;
    timestamp admitted_ = timestamp::min();
    timestamp trusted_ = timestamp::min();
    bool is_read_ = false;
};

}  // namespace millrace::detail
