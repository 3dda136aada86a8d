#pragma once

#include <cmath>

#include <millrace/analyzers/fold.hpp>
#include <millrace/analyzers/moments.hpp>

namespace millrace {

/// The sample's standard deviation, the square root of `variance`; NaN of fewer than two numbers.
/// NaN is skipped. Method, error and the error of a merge: see `moments`. 32 bytes.
template <auto Projection>
struct stddev : detail::fold<Projection, moments> {
    static constexpr fixed_string name = "stddev";

    [[nodiscard]] double result() const noexcept {
        return std::sqrt(this->state_.sample_variance());
    }
};

/// The standard deviation of numbers that are all there are, the square root of
/// `population_variance`; NaN of none.
template <auto Projection>
struct population_stddev : detail::fold<Projection, moments> {
    static constexpr fixed_string name = "population_stddev";

    [[nodiscard]] double result() const noexcept {
        return std::sqrt(this->state_.population_variance());
    }
};

}  // namespace millrace
