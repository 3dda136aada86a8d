#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <millrace/core/composite_key.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// A part of a key under a name of its own:
///
///     key_by(&trade::symbol, key_part{"hour", [](const trade& t) { return hour_of(t.time); }})
///
/// `projection` is a member of the event or a function of it, which gives a string, an integer or
/// an enumeration with a schema. `name` must stay valid until `key_by` or `per_key` returns.
template <class Projection>
struct key_part {
    std::string_view name;
    Projection projection;
};
template <class Projection>
key_part(std::string_view, Projection) -> key_part<Projection>;
template <class Projection>
key_part(const char*, Projection) -> key_part<Projection>;

namespace detail {

/// What the schema calls the field that `member` points to; "key" where it names none.
template <class Owner, class Value>
std::string_view name_of_member(Value Owner::*member) {
    std::string_view name = "key";
    if constexpr (described<Owner>) {
        schema<Owner>.for_each([&](const auto& each) {
            if constexpr (requires { each.member == member; }) {
                if (each.member == member) name = each.name;
            }
        });
    }
    return name;
}

/// Text that the event holds stays there; what is computed is kept.
template <class Value>
using seen_part = std::conditional_t<std::is_reference_v<Value> && text<std::remove_cvref_t<Value>>,
                                     std::string_view, std::remove_cvref_t<Value>>;

/// Gives a key of several parts, without a copy of text that the event holds.
template <class... Projections>
struct composite_projection {
    std::tuple<Projections...> all;

    template <class Event>
    requires(std::invocable<const Projections&, const Event&>&&...)  //
        [[nodiscard]] constexpr auto
        operator()(const Event& event) const {
        return std::apply(
            [&](const auto&... each) {
                using key = composite_key<seen_part<decltype(project(each, event))>...>;
                return key{decltype(key::parts){project(each, event)...}};
            },
            all);
    }

    /// Whether the members are the same; functions of one type are.
    friend constexpr bool operator==(const composite_projection& a, const composite_projection& b) {
        bool is_same = true;
        const auto compare = [&]<class Part>(const Part& one, const Part& other) {
            if constexpr (std::equality_comparable<Part>) is_same = is_same && one == other;
        };
        std::apply(
            [&](const auto&... one) {
                std::apply([&](const auto&... other) { (compare(one, other), ...); }, b.all);
            },
            a.all);
        return is_same;
    }
};

template <class Projection>
inline constexpr bool is_composite_projection = false;
template <class... Projections>
inline constexpr bool is_composite_projection<composite_projection<Projections...>> = true;

template <class T>
inline constexpr bool is_key_part = std::is_member_object_pointer_v<T>;
template <class Projection>
inline constexpr bool is_key_part<key_part<Projection>> = true;

template <class Owner, class Value>
[[nodiscard]] auto as_key_part(Value Owner::*member) {
    return key_part<Value Owner::*>{name_of_member(member), member};
}
template <class Projection>
[[nodiscard]] key_part<Projection> as_key_part(key_part<Projection> part) {
    return part;
}

/// Gives the key that is made of these parts: of one part it is that.
template <class First, class... More>
[[nodiscard]] auto projection_of(const key_part<First>& first, const key_part<More>&... more) {
    if constexpr (sizeof...(More) == 0) {
        return first.projection;
    } else {
        return composite_projection<First, More...>{{first.projection, more.projection...}};
    }
}

/// What a key of these parts is called. @throws std::invalid_argument for two of one name
[[nodiscard]] inline std::string name_of_parts(std::initializer_list<std::string_view> names) {
    std::string all;
    for (auto each = names.begin(); each != names.end(); ++each) {
        if (std::find(names.begin(), each, *each) != each)
            throw std::invalid_argument{"key_by: two parts of the key are called \"" +
                                        std::string{*each} +
                                        "\"; give one a name of its own: key_part{\"NAME\", "
                                        "&event::member}"};
        if (each != names.begin()) all += '/';
        const std::size_t begin = all.size();
        escape_part(all.append(*each), begin);
    }
    return all;
}

}  // namespace detail

}  // namespace millrace
