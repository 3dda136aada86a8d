#pragma once

#include <cstddef>

#include <millrace/codec/json_stream.hpp>

namespace millrace::detail {

/// Follows a text by its strings and brackets alone, whatever else is wrong with it. A bracket of
/// one kind also closes one of the other.
struct json_nesting {
    std::size_t depth = 0;  ///< brackets that are open
    bool in_string = false;

    /// Goes on from `at` to what ends an element: a comma or a closing bracket outside of all that
    /// is open. Stops also at a backslash outside of strings, which says that quotes are lost; and
    /// at `end`.
    [[nodiscard]] char* end_of_element(char* at, char* end) noexcept {
        for (; at < end; ++at) {
            if (in_string) {
                if (*at == '\\') {
                    if (++at == end) break;
                } else if (*at == '"') {
                    in_string = false;
                }
                continue;
            }
            switch (*at) {
                case '"': in_string = true; break;
                case '\\': return at;
                case '{':
                case '[': ++depth; break;
                case '}':
                case ']':
                    if (depth == 0) return at;
                    --depth;
                    break;
                case ',':
                    if (depth == 0) return at;
                    break;
                default: break;
            }
        }
        return end;
    }
};

/// Whether the rest of an array, from `at` inside one of its elements on, is in order as far as
/// strings and brackets go: its elements can be told apart, and its end is the text's.
[[nodiscard]] inline bool has_whole_elements(json_nesting inside, char* at, char* end) noexcept {
    while ((at = inside.end_of_element(at, end)) != end && *at == ',') ++at;
    return at != end && *at == ']' && skip_white_space(at + 1) == end;
}

/// Whether a string or bracket is left open at the text's end.
[[nodiscard]] inline bool leaves_open(char* at, char* end) noexcept {
    json_nesting inside;
    while ((at = inside.end_of_element(at, end)) != end) ++at;
    return inside.in_string || inside.depth != 0;
}

}  // namespace millrace::detail
