#pragma once

#include <array>

namespace millrace::detail {

/// What a character outside of strings is the beginning of.
enum class json_start : unsigned char { other, white_space, number };

inline constexpr auto json_starts = [] {
    std::array<json_start, 256> starts{};
    for (const char c : {' ', '\t', '\n', '\r'}) {
        starts[static_cast<unsigned char>(c)] = json_start::white_space;
    }
    starts['-'] = json_start::number;
    for (unsigned char c = '0'; c <= '9'; ++c) starts[c] = json_start::number;
    return starts;
}();

[[nodiscard]] constexpr json_start start_of(char c) noexcept {
    return json_starts[static_cast<unsigned char>(c)];
}

/// The token at or behind `at`. `Char` is char or const char.
template <class Char>
[[nodiscard]] constexpr Char* skip_white_space(Char* at) noexcept {
    while (static_cast<unsigned char>(*at) <= ' ' && start_of(*at) == json_start::white_space) ++at;
    return at;
}

/// The end of the literal at `at`; null where another text is. Reads no further than the first
/// character that differs.
[[nodiscard]] constexpr const char* end_of_literal(const char* at, const char* literal) noexcept {
    for (; *literal != '\0'; ++at, ++literal) {
        if (*at != *literal) return nullptr;
    }
    return at;
}

}  // namespace millrace::detail
