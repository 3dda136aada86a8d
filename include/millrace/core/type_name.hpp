#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::detail {

/// The name that a type has in its program, without namespaces and template arguments; empty for
/// one that has none, such as a lambda's.
[[nodiscard]] constexpr std::string_view short_name(std::string_view written) noexcept {
    std::size_t start = 0, depth = 0;
    for (std::size_t i = 0; i < written.size(); ++i) {
        const char c = written[i];
        if (c == '<' || c == '(' || c == '{') ++depth;
        if ((c == '>' || c == ')' || c == '}') && depth > 0) --depth;
        if (c == ':' && depth == 0) start = i + 1;
    }
    written.remove_prefix(start);
    std::size_t size = 0;
    const auto is_of_name = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    };
    while (size < written.size() && is_of_name(written[size])) ++size;
    return written.substr(0, size);
}

/// Likewise, as g++ and clang++ both say it. For people to read: what is kept or compared between
/// programs has names of its own.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
    std::string_view written = __PRETTY_FUNCTION__;
    written.remove_prefix(written.find("T = ") + 4);
    // g++ goes on "; std::string_view = ...]", clang++ "]".
    std::size_t size = 0, depth = 0;
    for (; size < written.size(); ++size) {
        const char c = written[size];
        if (depth == 0 && (c == ';' || c == ']')) break;
        if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
        if ((c == '>' || c == ')' || c == '}' || c == ']') && depth > 0) --depth;
    }
    return short_name(written.substr(0, size));
}

}  // namespace millrace::detail
