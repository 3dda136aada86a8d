#pragma once

#include <functional>

#include <millrace/analyzers/extreme.hpp>
#include <millrace/analyzers/fold.hpp>

namespace millrace {

/// The least of the projection's numbers; NaN of none. NaN is skipped. Exact, merges exactly,
/// 8 bytes.
template <auto Projection>
struct min : detail::fold<Projection, detail::extreme<std::less<>>> {
    static constexpr fixed_string name = "min";

    [[nodiscard]] constexpr double result() const noexcept { return this->state_.value(); }
};

}  // namespace millrace
