#pragma once

#include <string>
#include <string_view>

namespace millrace::detail {

/// Appends `text`, of which each byte that is not plain becomes "\xHH". `is_plain` is asked with an
/// unsigned char.
template <class IsPlain>
void append_escaped(std::string& out, std::string_view text, IsPlain&& is_plain) {
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain(byte)) {
            out.push_back(c);
            continue;
        }
        out.append("\\x");
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 0xf]);
    }
}

}  // namespace millrace::detail
