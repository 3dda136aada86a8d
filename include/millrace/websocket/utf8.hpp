#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::websocket {

namespace detail {

[[nodiscard]] constexpr bool is_continuation(unsigned char byte) noexcept {
    return (byte & 0xc0u) == 0x80u;
}

/// Bytes of the well-formed sequence at `at`, whose first byte is not ASCII; 0 when it is not well
/// formed (The Unicode Standard, table 3-7: no overlong form, no surrogate, none above U+10FFFF).
[[nodiscard]] inline std::size_t utf8_sequence_bytes(const unsigned char* at,
                                                     std::size_t size) noexcept {
    const unsigned char lead = at[0];
    if (lead < 0xe0) return lead >= 0xc2 && size >= 2 && is_continuation(at[1]) ? 2 : 0;
    if (lead < 0xf0) {
        if (size < 3 || !is_continuation(at[1]) || !is_continuation(at[2])) return 0;
        const unsigned top = ((lead & 0x0fu) << 6) | (at[1] & 0x3fu);
        return top >= 0x20u && (top & 0x3e0u) != 0x360u ? 3 : 0;
    }
    if (lead > 0xf4 || size < 4) return 0;
    if (!is_continuation(at[1]) || !is_continuation(at[2]) || !is_continuation(at[3])) return 0;
    const unsigned top = ((lead & 0x07u) << 6) | (at[1] & 0x3fu);
    return top >= 0x10u && top <= 0x10fu ? 4 : 0;
}

}  // namespace detail

/// True if `text` is well-formed UTF-8 (RFC 3629). ASCII is checked eight bytes at a time.
[[nodiscard]] inline bool is_valid_utf8(std::string_view text) noexcept {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left != 0) {
        if (left >= 8) {
            std::uint64_t word;
            std::memcpy(&word, at, 8);
            if ((word & 0x8080808080808080u) == 0) {
                at += 8;
                left -= 8;
                continue;
            }
        }
        const std::size_t bytes = *at < 0x80 ? 1 : detail::utf8_sequence_bytes(at, left);
        if (bytes == 0) return false;
        at += bytes;
        left -= bytes;
    }
    return true;
}

/// The longest prefix of at most `max_bytes` that does not cut a character of a valid `text`.
[[nodiscard]] inline std::string_view utf8_prefix(std::string_view text,
                                                  std::size_t max_bytes) noexcept {
    if (text.size() <= max_bytes) return text;
    while (max_bytes != 0 && detail::is_continuation(static_cast<unsigned char>(text[max_bytes])))
        --max_bytes;
    return text.substr(0, max_bytes);
}

}  // namespace millrace::websocket
