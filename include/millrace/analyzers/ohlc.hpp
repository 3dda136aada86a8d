#pragma once

#include <limits>

#include <millrace/analyzers/compensated_sum.hpp>
#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// The prices of a span of time and the volume traded in it.
struct ohlc_bar {
    double open = 0;
    double high = 0;
    double low = 0;
    double close = 0;
    double volume = 0;

    friend constexpr bool operator==(const ohlc_bar&, const ohlc_bar&) = default;
};

template <>
inline constexpr auto schema<ohlc_bar> = fields(field{"open", &ohlc_bar::open},
                                                field{"high", &ohlc_bar::high},
                                                field{"low", &ohlc_bar::low},
                                                field{"close", &ohlc_bar::close},
                                                field{"volume", &ohlc_bar::volume});

/// Open, high, low and close of `Price`, and the sum of `Size`. Of no events the prices are NaN and
/// the volume is 0. An event whose price or size is NaN is skipped.
///
/// Open and close are the prices of the earliest and the latest event by event time, in whatever
/// order events arrive and parts merge; of events with the same time, or without one, the first to
/// arrive opens and the last closes. All prices are exact and merge exactly; the error of the
/// volume is the bound at `compensated_sum`. 64 bytes.
template <auto Price, auto Size>
class ohlc {
public:
    template <projects_numbers<Price, Size> Event>
    constexpr void update(const Event& event) noexcept(
        detail::projects_nothrow<Event, Price, Size>) {
        const double price = detail::number<Price>(event);
        const double size = detail::number<Size>(event);
        if (std::isnan(price) || std::isnan(size)) return;
        const timestamp time = detail::time_or_epoch(event);
        include({price, time}, {price, time});
        high_.add(price);
        low_.add(price);
        volume_.add(size);
    }

    constexpr void merge(const ohlc& other) noexcept {
        if (std::isnan(other.first_.price)) return;
        include(other.first_, other.last_);
        high_.merge(other.high_);
        low_.merge(other.low_);
        volume_.merge(other.volume_);
    }

    [[nodiscard]] constexpr ohlc_bar result() const noexcept {
        return {first_.price, high_.value(), low_.value(), last_.price, volume_.value()};
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(first_.price, first_.time, last_.price, last_.time, high_, low_, volume_);
    }

private:
    struct quote {
        double price = std::numeric_limits<double>::quiet_NaN();
        timestamp time{};
    };

    constexpr void include(const quote& first, const quote& last) noexcept {
        const bool is_empty = std::isnan(first_.price);
        if (is_empty || first.time < first_.time) first_ = first;
        if (is_empty || last.time >= last_.time) last_ = last;
    }

    quote first_;
    quote last_;
    detail::extreme<std::greater<>> high_;
    detail::extreme<std::less<>> low_;
    compensated_sum volume_;
};

}  // namespace millrace
