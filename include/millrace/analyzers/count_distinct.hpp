#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include <millrace/core/fixed_string.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

namespace detail {

/// As what the values of a member are kept.
template <class Member>
struct kept_member {};
template <class Owner, class Value>
struct kept_member<Value Owner::*> : owned<Value> {};

}  // namespace detail

/// An event of which the projection gives what can be told apart: a text, an integer, a time, or an
/// enumeration.
template <class Event, auto Projection>
concept projects_distinct = std::invocable<const decltype(Projection)&, const Event&> &&
    (scalar<projected<decltype(Projection), Event>> &&
     !std::floating_point<projected<decltype(Projection), Event>>);

/// How many different values the projection gives; 0 of none:
///
///     window(tumbling{1h}, drop_late) | process<count_distinct<&sighting::truck>>()
///
/// Exact: it keeps each value, with how often it came, so that it merges and retracts exactly.
/// O(log n) an event, and some 48 bytes a different value, beside long texts.
/// @tparam Value as what a value is kept: a `std::string` of a text, else the projection's own
/// type; to be said where the projection is no member
/// @tparam Limit how many different values it keeps. What comes beyond is not counted, so that a
/// result of `Limit` says "at least", and one that falls below it again by `retract` is too low.
template <auto Projection,
          std::totally_ordered Value = typename detail::kept_member<decltype(Projection)>::type,
          std::size_t Limit = 65'536>
class count_distinct {
    static_assert(Limit > 0, "count_distinct needs: a limit above 0");

public:
    static constexpr fixed_string name = "distinct";
    static constexpr bool retracts_exactly = true;

    template <projects_distinct<Projection> Event>
    void update(const Event& event) {
        add(project(Projection, event), 1);
    }

    template <projects_distinct<Projection> Event>
    void retract(const Event& event) {
        const auto found = counts_.find(project(Projection, event));
        if (found != counts_.end() && --found->second == 0) counts_.erase(found);
    }

    void merge(const count_distinct& other) {
        for (const auto& [value, count] : other.counts_) add(value, count);
    }

    [[nodiscard]] std::uint64_t result() const noexcept { return counts_.size(); }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(counts_);
        ar.require(counts_.size() <= Limit);
        for (const auto& [value, count] : counts_) ar.require(count != 0);
    }

private:
    template <class Given>
    void add(const Given& value, std::uint64_t times) {
        if (const auto found = counts_.find(value); found != counts_.end())
            found->second += times;
        else if (counts_.size() < Limit)
            counts_.emplace(value, times);
    }

    std::map<Value, std::uint64_t, std::less<>> counts_;
};

}  // namespace millrace
