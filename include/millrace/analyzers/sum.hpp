#pragma once

#include <millrace/analyzers/compensated_sum.hpp>
#include <millrace/analyzers/fold.hpp>

namespace millrace {

/// The sum of the projection's numbers; 0 of none. NaN is skipped. Sums of integers are exact up
/// to 2^53; the error otherwise, also after merging, is the bound at `compensated_sum`. 16 bytes.
template <auto Projection>
struct sum : detail::fold<Projection, compensated_sum> {
    static constexpr fixed_string name = "sum";

    [[nodiscard]] constexpr double result() const noexcept { return this->state_.value(); }
};

}  // namespace millrace
