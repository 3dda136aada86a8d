#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

// The floating-point number nearest to digits * 10^exponent, of two that are as near the even one;
// infinity beyond the largest. After Lemire, "Number parsing at a gigabyte per second" (Software:
// Practice and Experience, 2021), algorithm 1, by Eisel and Lemire: one or two products with 128
// bits of a power of five. Empty where these do not decide, which they do for nearly all numbers.

[[nodiscard]] std::optional<double> nearest_double(std::uint64_t digits,
                                                   std::int64_t exponent) noexcept;
[[nodiscard]] std::optional<float> nearest_float(std::uint64_t digits,
                                                 std::int64_t exponent) noexcept;

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/codec/nearest_binary.ipp>
#endif
