#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/owned_views.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

struct any_member {
    template <class T>
    operator T() const;
};
struct any_member_but_view {
    template <class T>
    requires(!std::same_as<T, std::string_view>) operator T() const;
};
template <std::size_t>
using any_member_at = any_member;

/// Whether a `T` can be made of that many members and, behind them, a `Last`.
template <class T, class Last, std::size_t... Members>
[[nodiscard]] consteval bool is_made_of(std::index_sequence<Members...>) {
    return requires { T{any_member_at<Members>{}..., Last{}}; };
}

/// The members of an aggregate that are views of text, of the first 64 and elements of arrays;
/// those before the first one of which it cannot be told.
template <class T, std::size_t Member = 0>
[[nodiscard]] consteval std::size_t view_members() {
    using before = std::make_index_sequence<Member>;
    if constexpr (Member == 64 || !is_made_of<T, any_member>(before{})) {
        return 0;
    } else {
        return !is_made_of<T, any_member_but_view>(before{}) + view_members<T, Member + 1>();
    }
}

/// Whether a `T`, or what its schema leads to, surely has a view of text as a member that its
/// schema does not name: which nobody could give a text of its own. It is told of aggregates; of a
/// class with constructors, and of what has bases, it is not known.
template <class T>
[[nodiscard]] consteval bool has_unlisted_views() {
    if constexpr (std::same_as<T, std::string_view> || owns_its_value<T>) {
        return false;
    } else if constexpr (is_optional<T>) {
        return has_unlisted_views<unwrapped<T>>();
    } else if constexpr (described<T>) {
        std::size_t bytes = 0, views = 0;
        bool is_inside = false;
        schema<T>.for_each([&](const auto& field) {
            using value_type = typename std::remove_cvref_t<decltype(field)>::value_type;
            bytes += sizeof(value_type);
            if (std::same_as<std::remove_all_extents_t<value_type>, std::string_view>)
                views += sizeof(value_type) / sizeof(std::string_view);
            is_inside = is_inside || has_unlisted_views<value_type>();
        });
        if (is_inside) return true;
        if (sizeof(T) < bytes + sizeof(std::string_view)) return false;
        if constexpr (std::is_aggregate_v<T>) return view_members<T>() > views;
        return false;
    } else if constexpr (container<T>) {
        return has_unlisted_views<std::ranges::range_value_t<T>>();
    } else {
        return false;
    }
}

}  // namespace millrace::detail
