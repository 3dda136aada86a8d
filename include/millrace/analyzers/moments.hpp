#pragma once

#include <cstdint>
#include <limits>

namespace millrace {

/// Number, mean and sum of squared deviations m2 of what was added, in one pass. Numbers are taken
/// relative to the first of them, x0: the difference of near numbers is exact, and the mean of the
/// differences stays small, so that a large common part cannot cancel the digits away:
///
///     n += 1,  y = x - x0,  d = y - mean,  mean += d / n,  m2 += d (y - mean)
///
/// and for two parts, with d the difference of their means,
///
///     mean = mean_a + d n_b / n,  m2 = m2_a + m2_b + d^2 n_a n_b / n.
///
/// The relative error of m2 is at worst about n K u, u = 2^-53, with the condition number
/// K = sqrt(1 + n (x0 - mean)^2 / m2), and usually about K u; K is at most sqrt(1 + n). Merging
/// keeps that. One infinite number makes mean and m2 NaN. 32 bytes.
///
/// Welford, Technometrics 4 (1962), 419-420. Merge: Chan, Golub, LeVeque, "Updating formulae and a
/// pairwise algorithm for computing sample variances", Stanford CS-79-773 (1979). Shift and errors:
/// Chan, Golub, LeVeque, The American Statistician 37 (1983), 242-247.
class moments {
public:
    constexpr void add(double x) noexcept {
        if (count_ == 0) origin_ = x;
        ++count_;
        const double y = x - origin_;
        const double deviation = y - mean_;
        mean_ += deviation / static_cast<double>(count_);
        m2_ += deviation * (y - mean_);
    }

    /// Takes back a number that was added, by the steps of `add` in reverse. Each loses digits
    /// where the number is most of m2; a state that is empty again is as new.
    constexpr void remove(double x) noexcept {
        if (--count_ == 0) {
            *this = moments{};
            return;
        }
        const double y = x - origin_;
        const double deviation = y - mean_;
        mean_ -= deviation / static_cast<double>(count_);
        m2_ -= deviation * (y - mean_);
        if (count_ == 1) m2_ *= 0;  // NaN remains
        if (m2_ < 0) m2_ = 0;
    }

    constexpr void merge(const moments& other) noexcept {
        if (other.count_ == 0) return;
        if (count_ == 0) {
            *this = other;
            return;
        }
        const double here = static_cast<double>(count_);
        const double there = static_cast<double>(other.count_);
        const double share = there / (here + there);
        const double deviation = (other.origin_ - origin_) + (other.mean_ - mean_);
        count_ += other.count_;
        mean_ += deviation * share;
        m2_ += other.m2_ + deviation * deviation * here * share;
    }

    [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }

    /// 0 of none.
    [[nodiscard]] constexpr double mean() const noexcept { return origin_ + mean_; }

    /// m2 / (n - 1), the unbiased estimate from a sample; NaN of fewer than two numbers.
    [[nodiscard]] constexpr double sample_variance() const noexcept { return variance(1); }

    /// m2 / n; NaN of none.
    [[nodiscard]] constexpr double population_variance() const noexcept { return variance(0); }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(count_, origin_, mean_, m2_);
        ar.require(!(m2_ < 0));
    }

private:
    [[nodiscard]] constexpr double variance(std::uint64_t lost_degrees) const noexcept {
        if (count_ <= lost_degrees) return std::numeric_limits<double>::quiet_NaN();
        return m2_ / static_cast<double>(count_ - lost_degrees);
    }

    std::uint64_t count_ = 0;
    double origin_ = 0;
    double mean_ = 0;  // of the differences to the origin
    double m2_ = 0;
};

}  // namespace millrace
