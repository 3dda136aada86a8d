#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/timestamp.hpp>

#include <millrace/core/timestamp.hpp>

namespace millrace {

// Which events a join gives, and as what its function takes them. An event without a partner goes
// out as soon as none can come any more.

/// Pairs alone: `f(const Left&, const Right&)`.
struct inner_join_t {
    static constexpr std::string_view name = "inner";
    static constexpr bool keeps_left = false, keeps_right = false;
};
/// And those of the left side that have no partner: `f(const Left&, const Right*)`.
struct left_join_t {
    static constexpr std::string_view name = "left";
    static constexpr bool keeps_left = true, keeps_right = false;
};
/// And those of the right side that have none: `f(const Left*, const Right&)`.
struct right_join_t {
    static constexpr std::string_view name = "right";
    static constexpr bool keeps_left = false, keeps_right = true;
};
/// And those of both: `f(const Left*, const Right*)`.
struct full_join_t {
    static constexpr std::string_view name = "full";
    static constexpr bool keeps_left = true, keeps_right = true;
};
inline constexpr inner_join_t inner_join{};
inline constexpr left_join_t left_join{};
inline constexpr right_join_t right_join{};
inline constexpr full_join_t full_join{};

template <class T>
concept join_kind = std::same_as<T, inner_join_t> || std::same_as<T, left_join_t> ||
    std::same_as<T, right_join_t> || std::same_as<T, full_join_t>;

/// Partners of an `interval_join`: the time of the right event, less that of the left one, is from
/// the first to the second of these, both included. Either may be negative.
struct between {
    duration from;
    duration to;
};

/// How many events a join may hold of each side, and how many bytes these may take: with the texts
/// and containers that their schema leads to. One more is refused, as if it had not come, and
/// counted in `pipeline_stats::refused_keys`. One side cannot take the room of the other.
struct max_held {
    std::size_t events = 1'000'000;
    std::size_t bytes = 256 * 1024 * 1024;
};

/// Late events of the two sides go to topics of their own.
struct late_to_topics {
    std::string left;
    std::string right;

    template <class To>
    void describe(To& to) const {
        to.setting("late_left_to", left);
        to.setting("late_right_to", right);
    }
};
/// Events that are late for a join of both sides are counted and published on these topics.
[[nodiscard]] inline late_to_topics late_to(std::string left, std::string right) {
    return {std::move(left), std::move(right)};
}

namespace detail {

/// What a join of this kind says of two events, of which one may be null where that one may be
/// missing.
template <class Kind, class Function, class Left, class Right>
[[nodiscard]] decltype(auto) join_call(const Function& f, const Left* left, const Right* right) {
    if constexpr (Kind::keeps_left && Kind::keeps_right) {
        return std::invoke(f, left, right);
    } else if constexpr (Kind::keeps_left) {
        return std::invoke(f, *left, right);
    } else if constexpr (Kind::keeps_right) {
        return std::invoke(f, left, *right);
    } else {
        return std::invoke(f, *left, *right);
    }
}

/// Whether the function is one of such a join, and gives something.
template <class Function, class Kind, class Left, class Right>
concept join_function =
    std::invocable<const Function&, std::conditional_t<Kind::keeps_right, const Left*, const Left&>,
                   std::conditional_t<Kind::keeps_left, const Right*, const Right&>> &&
    !std::is_void_v<std::invoke_result_t<
        const Function&, std::conditional_t<Kind::keeps_right, const Left*, const Left&>,
        std::conditional_t<Kind::keeps_left, const Right*, const Right&>>>;

template <class Kind, class Function, class Left, class Right>
using joined_event = std::remove_cvref_t<decltype(join_call<Kind>(
    std::declval<const Function&>(), static_cast<const Left*>(nullptr),
    static_cast<const Right*>(nullptr)))>;

}  // namespace detail

}  // namespace millrace
