#pragma once

#include <millrace/analyzers/fold.hpp>
#include <millrace/analyzers/moments.hpp>

namespace millrace {

/// The sample's variance, sum (x - mean)^2 / (n - 1); NaN of fewer than two numbers. NaN is
/// skipped. Method, error and the error of a merge: see `moments`. 32 bytes.
template <auto Projection>
struct variance : detail::fold<Projection, moments> {
    static constexpr fixed_string name = "variance";

    [[nodiscard]] constexpr double result() const noexcept {
        return this->state_.sample_variance();
    }
};

/// The variance of numbers that are all there are, sum (x - mean)^2 / n; NaN of none.
template <auto Projection>
struct population_variance : detail::fold<Projection, moments> {
    static constexpr fixed_string name = "population_variance";

    [[nodiscard]] constexpr double result() const noexcept {
        return this->state_.population_variance();
    }
};

}  // namespace millrace
