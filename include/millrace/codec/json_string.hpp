#pragma once

#include <string>
#include <string_view>

#include <millrace/codec/plain_run.hpp>

namespace millrace {

namespace detail {

inline void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"': out.append("\\\""); break;
        case '\\': out.append("\\\\"); break;
        case '\b': out.append("\\b"); break;
        case '\f': out.append("\\f"); break;
        case '\n': out.append("\\n"); break;
        case '\r': out.append("\\r"); break;
        case '\t': out.append("\\t"); break;
        default: {
            constexpr char digits[] = "0123456789abcdef";
            out.append("\\u00");
            out.push_back(digits[c >> 4]);
            out.push_back(digits[c & 0xF]);
        }
    }
}

}  // namespace detail

/// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). Whatever is not UTF-8
/// becomes U+FFFD, so that the result is always valid.
inline void append_json_string(std::string& out, std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    out.push_back('"');
    while (at != end) {
        const char* const run = detail::end_of_plain_run(at, end);
        out.append(at, run);
        if (run == end) break;
        at = run;
        if (static_cast<unsigned char>(*at) < 0x80) {
            detail::append_escaped(out, *at++);
            continue;
        }
        const detail::utf8_piece piece = detail::next_utf8(at, end);
        out.append(piece.is_valid ? std::string_view{at, piece.size} : "\xEF\xBF\xBD");
        at += piece.size;
    }
    out.push_back('"');
}

}  // namespace millrace
