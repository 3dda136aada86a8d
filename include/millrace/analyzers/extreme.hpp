#pragma once

#include <cmath>
#include <limits>

namespace millrace::detail {

/// The number that comes before all others in the order `Before`; NaN of none.
template <class Before>
class extreme {
public:
    constexpr void add(double x) noexcept {
        if (Before{}(x, value_) || std::isnan(value_)) value_ = x;
    }

    constexpr void merge(const extreme& other) noexcept { add(other.value_); }

    [[nodiscard]] constexpr double value() const noexcept { return value_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(value_);
    }

private:
    double value_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace millrace::detail
