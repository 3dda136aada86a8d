#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>

namespace millrace {

/// A result whose fields are called `Prefix`_field.
template <fixed_string Prefix, described Result>
struct prefixed {
    Result value{};

    friend constexpr bool operator==(const prefixed&, const prefixed&) = default;
};

namespace detail {

template <fixed_string Prefix, class Result, std::size_t Index>
inline constexpr auto prefixed_name = [] {
    constexpr std::string_view inner = std::get<Index>(schema<Result>.all).name;
    fixed_string<inner.size()> copy;
    std::copy_n(inner.data(), inner.size(), copy.text);
    return Prefix + fixed_string{"_"} + copy;
}();

template <fixed_string Prefix, class Result, std::size_t... Index>
constexpr auto prefixed_fields(std::index_sequence<Index...>) {
    using owner = prefixed<Prefix, Result>;
    return as_fields(
        std::tuple{nested_field<owner, Result,
                                std::remove_cvref_t<decltype(std::get<Index>(schema<Result>.all))>>{
            prefixed_name<Prefix, Result, Index>.view(), &owner::value,
            std::get<Index>(schema<Result>.all)}...});
}

}  // namespace detail

template <fixed_string Prefix, class Result>
inline constexpr auto schema<prefixed<Prefix, Result>> =
    detail::prefixed_fields<Prefix, Result>(std::make_index_sequence<schema<Result>.size>{});

/// The analyzer `A` under another name: its one number is called `Name`, its several fields
/// `Name`_field. Everything else is as in `A`.
template <fixed_string Name, class A>
struct named : A {
    static constexpr auto name = Name;

    [[nodiscard]] constexpr auto result() const {
        using inner = std::remove_cvref_t<decltype(A::result())>;
        if constexpr (described<inner>) {
            return prefixed<Name, inner>{A::result()};
        } else {
            return A::result();
        }
    }
};

}  // namespace millrace
