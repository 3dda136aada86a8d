#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <millrace/codec/plain_run.hpp>
#include <millrace/core/utf8.hpp>

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
        const auto left = static_cast<std::size_t>(end - at);
        const std::size_t valid = detail::utf8_sequence_bytes(at, left);
        out.append(valid != 0 ? std::string_view{at, valid} : "\xEF\xBF\xBD");
        at += valid != 0 ? valid : detail::utf8_subpart_bytes(at, left);
    }
    out.push_back('"');
}

}  // namespace millrace
