#pragma once

#include <cmath>
#include <limits>

#include <millrace/analyzers/analyzer.hpp>

/// The realised volatility of a price over a window: the root of the sum of its squared logarithmic
/// returns, from one event to the next. NaN of fewer than two prices. 32 bytes.
template <auto Price>
struct realised_volatility {
    static constexpr millrace::fixed_string name = "volatility";

    template <class Event>
    void update(const Event& event) {
        const double price = millrace::project(Price, event);
        append(price, price, 0, false);
    }
    /// `later` stands behind this in time.
    void merge(const realised_volatility& later) {
        if (!std::isnan(later.first))
            append(later.first, later.last, later.squares, later.has_return);
    }
    [[nodiscard]] double result() const {
        return has_return ? std::sqrt(squares) : std::numeric_limits<double>::quiet_NaN();
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(first, last, squares, has_return);
    }

    double first = std::numeric_limits<double>::quiet_NaN();
    double last = 0;
    double squares = 0;
    bool has_return = false;

private:
    void append(double next, double end, double more, bool returns) {
        const bool is_empty = std::isnan(first);
        const double step = is_empty ? 0 : std::log(next / last);
        if (is_empty) first = next;
        squares += step * step + more;
        has_return = has_return || returns || !is_empty;
        last = end;
    }
};
