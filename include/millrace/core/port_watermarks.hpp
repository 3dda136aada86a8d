#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <millrace/core/timestamp.hpp>

namespace millrace {

namespace detail {

/// How far time has come where several go on: with the least far, but no further behind the
/// furthest than `max_lag`, which is without limit at its largest.
[[nodiscard]] constexpr timestamp least_within(duration max_lag, timestamp furthest,
                                               timestamp least) noexcept {
    if (max_lag == duration::max()) return least;
    return std::max(least, saturated_add(furthest, -max_lag));
}

}  // namespace detail

/// The watermark where streams meet: the minimum over the ports that are not idle, and never back.
/// Where all are idle, it is the furthest of them, in whatever order they became so. One that was
/// idle counts again once it has caught up; until then what comes of it may be late. One that has
/// ended, which is at the end of time, holds nobody up and is not idle: that alone closes nothing
/// as long as the others may go on. Those that are `max_lag` behind the furthest hold nobody up
/// either, and their events may be late.
///
/// An event costs a few comparisons a port.
template <std::size_t Ports>
class port_watermarks {
public:
    explicit port_watermarks(duration max_lag = duration::max()) noexcept : max_lag_{max_lag} {}

    /// What holds for all.
    [[nodiscard]] timestamp combined() const noexcept { return combined_; }

    /// Of the port no event earlier than `to` will come.
    void raise(std::size_t port, timestamp to) noexcept {
        state& of = ports_[port];
        if (to <= of.watermark) return;
        const timestamp before = std::exchange(of.watermark, to);
        if (of.is_counted && before > combined_ && to != timestamp::max() &&
            detail::least_within(max_lag_, to, combined_) == combined_)
            return;  // another one is the least far
        of.is_counted = of.is_counted || (!of.is_idle && to >= combined_);
        combine();
    }

    void idle(std::size_t port) noexcept {
        state& of = ports_[port];
        if (has_ended(of)) return;
        of.is_idle = true;
        of.is_counted = false;
        combine();
    }

    /// It is not idle any more.
    void active(std::size_t port) noexcept {
        state& of = ports_[port];
        of.is_idle = false;
        of.is_counted = of.is_counted || of.watermark >= combined_;
        combine();
    }

    /// Whether all are idle that have not ended, and there is one.
    [[nodiscard]] bool is_idle() const noexcept {
        const auto rests = [](const state& each) { return each.is_idle || has_ended(each); };
        return std::ranges::all_of(ports_, rests) && !std::ranges::all_of(ports_, has_ended);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        for (state& each : ports_) ar(each);
        ar(combined_);
    }

private:
    struct state {
        timestamp watermark = timestamp::min();
        bool is_idle = false;
        bool is_counted = true;  ///< in the minimum

        template <class Archive>
        void archive(Archive& ar) {
            ar(watermark, is_idle, is_counted);
        }
    };

    static bool has_ended(const state& of) noexcept { return of.watermark == timestamp::max(); }

    void combine() noexcept {
        timestamp least = timestamp::max(), furthest = timestamp::min();
        bool is_any_counted = false, is_any_active = false, is_any_open = false;
        for (const state& each : ports_) {
            if (has_ended(each)) continue;
            is_any_open = true;
            is_any_active |= !each.is_idle;
            furthest = std::max(furthest, each.watermark);
            if (!each.is_counted) continue;
            is_any_counted = true;
            least = std::min(least, each.watermark);
        }
        const bool is_idle = is_any_open && !is_any_active;
        if (is_any_counted || !is_any_open || is_idle)
            combined_ = std::max(
                combined_, is_idle ? furthest : detail::least_within(max_lag_, furthest, least));
    }

    duration max_lag_;
    std::array<state, Ports> ports_{};
    timestamp combined_ = timestamp::min();
};

}  // namespace millrace
