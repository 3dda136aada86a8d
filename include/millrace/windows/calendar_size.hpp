#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// The length of windows that begin with a day of the calendar: `days{n}`, counted from 1970-01-01,
/// `weeks{n}`, which begin on Mondays (ISO 8601), counted from 1969-12-29, `months{n}` and
/// `years{n}`, counted from January 1970. A year of three-month windows so has those of its
/// quarters.
class calendar_size {
public:
    template <class Period>
    static constexpr bool is_in_months =
        Period::den == 1 && Period::num % std::chrono::months::period::num == 0;

    /// Whether durations of this period are of a whole number of days, or of months.
    template <class Period>
    static constexpr bool can_be = is_in_months<Period> ||
                                   (Period::den == 1 &&
                                    Period::num % std::chrono::days::period::num == 0);

    /// @throws std::invalid_argument for a size that is not positive, or above 292 years
    template <class Rep, class Period>
    requires can_be<Period>
    constexpr explicit calendar_size(std::chrono::duration<Rep, Period> size)
        : is_in_months_{is_in_months<Period>} {
        using namespace std::chrono;
        detail::require_option(detail::is_positive_duration(size),
                               "size must be positive and at most 292 years", "tumbling");
        constexpr auto per_unit =
            Period::num / (is_in_months<Period> ? months::period::num : days::period::num);
        count_ = static_cast<std::int64_t>(size.count()) * per_unit;
        if (per_unit % 7 == 0 && !is_in_months_) first_ -= days{3};
    }

    /// The first day of the window that holds `date`.
    [[nodiscard]] constexpr std::chrono::local_days start_of(std::chrono::local_days date) const {
        using namespace std::chrono;
        if (!is_in_months_) return first_ + days{whole((date - first_).count())};
        const year_month_day day{date};
        return month(whole((int{day.year()} - 1970) * 12 + int(unsigned{day.month()}) - 1));
    }

    /// The first day of the window behind that which begins at `start`.
    [[nodiscard]] constexpr std::chrono::local_days next(std::chrono::local_days start) const {
        using namespace std::chrono;
        if (!is_in_months_) return start + days{count_};
        return local_days{year_month_day{start} + months{count_}};
    }

    /// As "1 day" or "3 months".
    [[nodiscard]] std::string text() const;

private:
    /// `count` rounded down to a multiple of the size.
    [[nodiscard]] constexpr std::int64_t whole(std::int64_t count) const {
        const std::int64_t rest = count % count_;
        return count - (rest < 0 ? rest + count_ : rest);
    }

    static constexpr std::chrono::local_days month(std::int64_t since_1970) {
        using namespace std::chrono;
        return local_days{year_month{year{1970}, January} / 1 + months{since_1970}};
    }

    bool is_in_months_;
    std::int64_t count_ = 0;
    std::chrono::local_days first_{};
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/windows/calendar_size.ipp>
#endif
