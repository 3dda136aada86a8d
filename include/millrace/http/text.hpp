#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

// The small pieces of text that HTTP heads are made of (RFC 9110, section 5.6).

namespace millrace::http {

/// Only A to Z are changed.
[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Equal but for the case of ASCII letters.
[[nodiscard]] constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// True for the characters of a method or a field name (RFC 9110, section 5.6.2).
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        const char lower = ascii_lower(c);
        return is_digit(c) || (lower >= 'a' && lower <= 'z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

/// Without spaces and tabs at both ends.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes the text up to `separator` off the front of `rest`, and the separator with it.
constexpr std::string_view split_off(std::string_view& rest, std::string_view separator) noexcept {
    const auto at = std::min(rest.find(separator), rest.size());
    const auto part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + separator.size(), rest.size()));
    return part;
}

/// True if the comma-separated `list` has `token`, in any case.
[[nodiscard]] constexpr bool list_has(std::string_view list, std::string_view token) noexcept {
    while (!list.empty())
        if (iequals(trim(split_off(list, ",")), token)) return true;
    return false;
}

/// True if `text` has a byte that no HTTP head may hold: a control character other than a tab, a CR
/// without its LF (unless it is the last byte) or an LF without its CR.
[[nodiscard]] constexpr bool has_bad_control(std::string_view text) noexcept {
    for (std::size_t i = 0; i != text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '\r') {
            if (i + 1 != text.size() && text[i + 1] != '\n') return true;
        } else if (c == '\n') {
            if (i == 0 || text[i - 1] != '\r') return true;
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

}  // namespace millrace::http
