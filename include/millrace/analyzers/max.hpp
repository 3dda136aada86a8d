#pragma once

#include <functional>

#include <millrace/analyzers/extreme.hpp>
#include <millrace/analyzers/fold.hpp>

namespace millrace {

/// The greatest of the projection's numbers; NaN of none. NaN is skipped. Exact, merges exactly,
/// 8 bytes.
template <auto Projection>
struct max : detail::fold<Projection, detail::extreme<std::greater<>>> {
    static constexpr fixed_string name = "max";

    [[nodiscard]] constexpr double result() const noexcept { return this->state_.value(); }
};

}  // namespace millrace
