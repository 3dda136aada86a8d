#pragma once

#include <chrono>
#include <cstdint>
#include <numeric>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// Windows of one length that overlap: one ends each `slide`, aligned to the epoch plus `offset`:
///
///     window(sliding{60s, 1s}, drop_late)     // each second, the last minute
///
/// An event counts in each window that holds it. One that is late for some counts in the others; it
/// is late only where all refuse it. A key has a record of each window that holds an event of it,
/// also where the latest slide has none; no record says that a key has left. Where the slide is
/// longer than the size, events between two windows belong to none, and are not late.
///
/// The analyzer needs `merge`. Events are folded once, into panes of the greatest common divisor of
/// size and slide; the windows of a key are made of its panes by two stacks (Tangwongsan, Hirzel,
/// Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017): an
/// event costs what it costs in a tumbling window of a pane, and a record about three merges, of
/// however many panes the window is. An event that comes behind its slide may cost a merge for each
/// pane before it. Memory: a key has one state of the analyzer for each pane in which it has
/// events, and with a lateness one for each window that late events may correct.
///
/// To an analyzer that cares in which order events come, they come pane by pane, and those behind
/// their slide last.
///
/// `max_windows` is how many panes of a key may wait for their first window to close, beyond which
/// what is furthest ahead is refused and counted; and how many closed windows are kept for late
/// events, if that is less than the lateness.
/// At the idle timeout a key shows its first open window. When the pipeline is finished, each
/// window that is open gives a record.
/// Events within twice size and slide of the ends of what a timestamp holds are refused.
///
/// @throws std::invalid_argument for a size or slide that is not positive or longer than 10,000
/// days, and where a window would have more than 100,000 panes
class sliding {
public:
    static constexpr duration longest = std::chrono::hours{24 * 10'000};
    static constexpr std::int64_t max_panes = 100'000;

    constexpr sliding(duration size, duration slide, duration offset = {})
        : size_{detail::require_positive("size", size, "sliding")},
          slide_{detail::require_positive("slide", slide, "sliding")} {
        detail::require_option(size <= longest && slide <= longest,
                               "size and slide must be at most 10,000 days", "sliding");
        pane_ = duration{std::gcd(size.count(), slide.count())};
        detail::require_option(
            size / pane_ <= max_panes,
            "a window would have more than 100,000 panes, which are as long as the greatest common "
            "divisor of size and slide; choose a longer slide, or one that divides the size",
            "sliding");
        offset_ = floor_mod(offset, slide);
        end_offset_ = floor_mod(offset_ + size, slide);
        pane_offset_ = offset_ % pane_;
    }

    [[nodiscard]] constexpr duration size() const noexcept { return size_; }
    [[nodiscard]] constexpr duration slide() const noexcept { return slide_; }
    /// The length of a pane.
    [[nodiscard]] constexpr duration pane() const noexcept { return pane_; }

    /// Whether the windows that hold the time can be told.
    [[nodiscard]] constexpr bool can_hold(timestamp time) const noexcept {
        const duration margin = 2 * (size_ + slide_);
        return time >= timestamp::min() + margin && time <= timestamp::max() - margin;
    }
    /// The start of the pane that holds the time.
    [[nodiscard]] constexpr timestamp pane_of(timestamp time) const noexcept {
        return time - floor_mod(time.time_since_epoch(), pane_, pane_offset_);
    }
    /// The end of the first window that holds the pane with this start. Where it lies between two
    /// windows, `last_end` is earlier.
    [[nodiscard]] constexpr timestamp first_end(timestamp pane) const noexcept {
        return pane + slide_ - floor_mod(pane.time_since_epoch(), slide_, end_offset_);
    }
    /// The end of the last window that holds it.
    [[nodiscard]] constexpr timestamp last_end(timestamp pane) const noexcept {
        return pane + size_ - floor_mod(pane.time_since_epoch(), slide_, offset_);
    }
    /// Whether a window that may be asked for ends there.
    [[nodiscard]] constexpr bool is_end(timestamp time) const noexcept {
        const duration margin = size_ + slide_;
        return time >= timestamp::min() + margin && time <= timestamp::max() - margin &&
               floor_mod(time.time_since_epoch(), slide_, end_offset_) == duration{0};
    }
    /// Which of the windows it is that ends there, counted from one near the epoch.
    [[nodiscard]] constexpr std::int64_t number_of(timestamp end) const noexcept {
        return (end.time_since_epoch() - end_offset_) / slide_;
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "sliding");
        to.setting("size", size_);
        to.setting("slide", slide_);
        to.setting("offset", offset_, duration{0});
    }

private:
    /// `value - from` modulo `by`, never negative; `from` is from 0 to `by`.
    static constexpr duration floor_mod(duration value, duration by, duration from = {}) noexcept {
        duration rest = value % by - from;
        if (rest < duration{0}) rest += by;
        if (rest < duration{0}) rest += by;
        return rest;
    }

    duration size_;
    duration slide_;
    duration pane_{};
    duration offset_{};      // of where windows start, from 0 to the slide
    duration end_offset_{};  // of where they end
    duration pane_offset_{};
};

namespace detail {

template <>
inline constexpr bool is_window_kind<sliding> = true;

}  // namespace detail

}  // namespace millrace
