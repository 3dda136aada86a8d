#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>

namespace millrace::detail {

/// The place of a record among others: the higher value before the lower one, what is not a number
/// behind all others, and of equal ones the one that came first.
template <class Value>
struct top_rank {
    Value value{};
    std::uint64_t order = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(value, order);
    }

    friend bool operator<(const top_rank& a, const top_rank& b) noexcept {
        if constexpr (std::floating_point<Value>) {
            const bool is_a = !std::isnan(a.value), is_b = !std::isnan(b.value);
            if (is_a != is_b) return is_a;
            if (!is_a) return a.order < b.order;
        }
        return a.value != b.value ? a.value > b.value : a.order < b.order;
    }
};

}  // namespace millrace::detail
