#pragma once

#include <millrace/endpoint/guards/detail/base64url.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<std::string> decode_base64url(std::string_view text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const auto digit = alphabet.find(c);
        if (digit == alphabet.npos) return std::nullopt;
        pending = pending << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out.push_back(static_cast<char>(pending >> bits));
        pending &= (1u << bits) - 1;
    }
    if (bits == 6 || pending != 0) return std::nullopt;
    return out;
}

}  // namespace millrace::detail
