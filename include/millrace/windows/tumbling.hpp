#pragma once

#include <chrono>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/zone.hpp>
#include <millrace/windows/calendar_size.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// Windows that follow each other without gap or overlap: of one length, or by the calendar of a
/// time zone.
///
///     tumbling{1s}
///     tumbling{1h, 30min}                                   at half past each hour
///     tumbling{days{1}, zone{"Europe/Berlin"}}              from midnight to midnight
///     tumbling{days{1}, zone{"America/New_York"}, 17h}      from 17:00 to 17:00
template <class Size = duration>
class tumbling;

/// Windows of one length, aligned to the epoch plus `offset`: one-hour windows start on the hour,
/// UTC. Any offset will do; what counts is its rest when divided by the size.
template <>
class tumbling<duration> {
public:
    /// @throws std::invalid_argument for a size that is not positive, or above 292 years
    template <class Rep, class Period>
    constexpr explicit tumbling(std::chrono::duration<Rep, Period> size, duration offset = {})
        : size_{checked(size)}, offset_{offset % size_} {
        if (offset_ < duration{0}) offset_ += size_;
    }

    [[nodiscard]] constexpr duration size() const noexcept { return size_; }

    [[nodiscard]] constexpr window_bounds assign(timestamp time) const noexcept {
        duration into = time.time_since_epoch() % size_;
        if (into < duration{0}) into += size_;
        into -= offset_;
        if (into < duration{0}) into += size_;
        return {saturated_add(time, -into), saturated_add(time, size_ - into)};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "tumbling");
        to.setting("size", size_);
        to.setting("offset", offset_, duration{0});
    }

private:
    template <class Rep, class Period>
    static constexpr duration checked(std::chrono::duration<Rep, Period> size) {
        static_assert(!calendar_size::is_in_months<Period>,
                      "tumbling needs: a zone for months and years, whose lengths differ: "
                      "tumbling{months{1}, zone{\"UTC\"}} (see millrace/windows/tumbling.hpp)");
        detail::require_option(detail::is_positive_duration(size),
                               "size must be positive and at most 292 years", "tumbling");
        return size;
    }

    duration size_;
    duration offset_;
};

/// Windows of days, weeks, months or years of a time zone, see `calendar_size`; with an offset they
/// begin so much later on their first day's clock. A day has 23 or 25 hours where the clocks
/// change.
///
/// A window begins when the zone's clocks first show its first midnight, or a later time: where
/// they leap over midnight with the leap, where they show it twice at the first of both. Where they
/// leap over a day (Pacific/Apia, 2011-12-30), there is no window of that day alone; where they are
/// set back over midnight, the new day has begun, and what they show again of the day before
/// belongs to it. Complexity: logarithmic in the zone's changes.
template <>
class tumbling<calendar_size> {
public:
    /// @throws std::invalid_argument for a size that is not positive, or above 292 years, and an
    /// offset of a day or more
    template <class Rep, class Period>
    explicit tumbling(std::chrono::duration<Rep, Period> size, zone of,
                      std::chrono::seconds offset = {})
        : size_{checked(size)}, zone_{std::move(of)}, offset_{offset} {
        detail::require_option(offset > -std::chrono::days{1} && offset < std::chrono::days{1},
                               "offset must be less than a day", "tumbling");
    }

    [[nodiscard]] const calendar_size& size() const noexcept { return size_; }

    [[nodiscard]] window_bounds assign(timestamp time) const noexcept {
        using namespace std::chrono;
        const local_seconds shown{floor<seconds>(time.time_since_epoch()) + zone_.offset_at(time)};
        auto first = size_.start_of(floor<days>(shown - offset_));
        auto next = size_.next(first);
        timestamp end = begin_of(next);
        // What clocks that were set back show again.
        while (end <= time && end != timestamp::max()) {
            first = std::exchange(next, size_.next(next));
            end = begin_of(next);
        }
        return {begin_of(first), end};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "tumbling");
        to.setting("size", size_.text());
        to.setting("zone", zone_.name());
        to.setting("offset", duration{offset_}, duration{0});
    }

private:
    template <class Rep, class Period>
    static calendar_size checked(std::chrono::duration<Rep, Period> size) {
        static_assert(calendar_size::can_be<Period>,
                      "tumbling needs: days, weeks, months or years with a zone, as "
                      "tumbling{days{1}, zone{\"UTC\"}}; windows of a fixed length have no zone "
                      "(see millrace/windows/tumbling.hpp)");
        return calendar_size{size};
    }

    [[nodiscard]] timestamp begin_of(std::chrono::local_days day) const noexcept {
        return zone_.to_sys(day + offset_);
    }

    calendar_size size_;
    zone zone_;
    std::chrono::seconds offset_;
};

template <class Rep, class Period, class... Offset>
tumbling(std::chrono::duration<Rep, Period>, Offset...) -> tumbling<duration>;
template <class Rep, class Period, class... Offset>
tumbling(std::chrono::duration<Rep, Period>, zone, Offset...) -> tumbling<calendar_size>;

}  // namespace millrace
