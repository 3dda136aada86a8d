#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace millrace {

/// A string literal as a template argument: `at<"price">`, `named<"low", ...>`.
template <std::size_t N>
struct fixed_string {
    char text[N + 1]{};

    constexpr fixed_string() = default;
    constexpr fixed_string(const char (&literal)[N + 1]) { std::copy_n(literal, N, text); }

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N}; }
    constexpr operator std::string_view() const noexcept { return view(); }
};

template <std::size_t N>
fixed_string(const char (&)[N]) -> fixed_string<N - 1>;

/// `left` followed by `right`, at compile time.
template <std::size_t N, std::size_t M>
[[nodiscard]] constexpr fixed_string<N + M> operator+(const fixed_string<N>& left,
                                                      const fixed_string<M>& right) {
    fixed_string<N + M> joined;
    std::copy_n(left.text, N, joined.text);
    std::copy_n(right.text, M, joined.text + N);
    return joined;
}

}  // namespace millrace
