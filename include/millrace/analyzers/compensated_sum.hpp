#pragma once

#include <cmath>

namespace millrace {

/// A sum that carries its rounding error along, so that neither many small numbers nor
/// cancellation wear it down: for n numbers of either sign,
///
///     |value - exact| <= u |exact| + 2 (n u)^2 sum |x|,   u = 2^-53,
///
/// whatever the order and the merges. 16 bytes; an addition is 7 floating-point operations without
/// a branch. Infinite numbers and overflow give what a plain sum gives.
///
/// Compensation: Neumaier, ZAMM 54 (1974), 39-51. Error of one addition: Knuth, TAOCP 2, 4.2.2,
/// theorem B. Bound: Ogita, Rump, Oishi, SIAM J. Sci. Comput. 26 (2005), 1955-1988, proposition
/// 4.5. All of it needs IEEE arithmetic, which -ffast-math breaks.
class compensated_sum {
public:
    [[gnu::always_inline]] constexpr void add(double x) noexcept {
        const double total = sum_ + x;
        const double part_of_x = total - sum_;
        error_ += (sum_ - (total - part_of_x)) + (x - part_of_x);
        sum_ = total;
    }

    /// The bound holds with what was removed among the |x| as well. An infinite number that was
    /// added and removed leaves NaN.
    constexpr void remove(double x) noexcept { add(-x); }

    constexpr void merge(const compensated_sum& other) noexcept {
        add(other.sum_);
        error_ += other.error_;
    }

    [[nodiscard]] constexpr double value() const noexcept {
        return std::isfinite(sum_) ? sum_ + error_ : sum_;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(sum_, error_);
    }

private:
    double sum_ = 0;
    double error_ = 0;
};

}  // namespace millrace
