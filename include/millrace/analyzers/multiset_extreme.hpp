#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>

#include <millrace/analyzers/fold.hpp>

namespace millrace {

namespace detail {

/// All numbers, each with how often it was added.
template <class Before>
class multiset_extreme {
public:
    void add(double x) { ++counts_[x]; }

    void remove(double x) noexcept {
        const auto found = counts_.find(x);
        if (found != counts_.end() && --found->second == 0) counts_.erase(found);
    }

    void merge(const multiset_extreme& other) {
        for (const auto& [x, count] : other.counts_) counts_[x] += count;
    }

    [[nodiscard]] double value() const noexcept {
        return counts_.empty() ? std::numeric_limits<double>::quiet_NaN() : counts_.begin()->first;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(counts_);
        for (const auto& [x, count] : counts_) ar.require(count != 0 && !std::isnan(x));
    }

private:
    std::map<double, std::uint64_t, Before> counts_;
};

}  // namespace detail

/// As `min`, but it keeps all numbers, so that events can be retracted: for windows that may be
/// corrected. O(log n) an event; some 48 bytes for each different number.
template <auto Projection>
struct multiset_min : detail::fold<Projection, detail::multiset_extreme<std::less<>>> {
    static constexpr fixed_string name = "min";
    static constexpr bool retracts_exactly = true;

    [[nodiscard]] double result() const noexcept { return this->state_.value(); }
};

/// As `max`, but it keeps all numbers; see `multiset_min`.
template <auto Projection>
struct multiset_max : detail::fold<Projection, detail::multiset_extreme<std::greater<>>> {
    static constexpr fixed_string name = "max";
    static constexpr bool retracts_exactly = true;

    [[nodiscard]] double result() const noexcept { return this->state_.value(); }
};

}  // namespace millrace
