#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <millrace/core/detail/utf8_vector.hpp>

namespace millrace {

namespace detail {

[[nodiscard]] constexpr bool is_utf8_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u;
}

/// Bytes of the well-formed sequence at the beginning of a text that is not empty and does not
/// begin with ASCII; 0 when there is none (Unicode 15, table 3-7: no overlong form, no surrogate,
/// none above U+10FFFF).
[[nodiscard]] constexpr std::size_t utf8_sequence_bytes(const char* at, std::size_t size) noexcept {
    const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(at[i]); };
    const unsigned lead = byte(0);
    const auto top_bits = [&](unsigned mask) { return ((lead & mask) << 6) | (byte(1) & 0x3fu); };
    const auto continues = [&](std::size_t i) { return is_utf8_continuation(at[i]); };
    if (lead < 0xe0) return lead >= 0xc2 && size >= 2 && continues(1) ? 2 : 0;
    if (lead < 0xf0) {
        if (size < 3 || !continues(1) || !continues(2)) return 0;
        const unsigned top = top_bits(0x0f);
        return top >= 0x20u && (top & 0x3e0u) != 0x360u ? 3 : 0;
    }
    if (lead > 0xf4 || size < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    const unsigned top = top_bits(0x07);
    return top >= 0x10u && top <= 0x10fu ? 4 : 0;
}

/// Where no well-formed sequence is: the bytes for which one U+FFFD is to stand, as many as could
/// still have become a character (the maximal subpart of Unicode 15, section 3.9).
[[nodiscard]] constexpr std::size_t utf8_subpart_bytes(const char* at, std::size_t size) noexcept {
    for (std::size_t kept = size < 3 ? size : 3; kept > 1; --kept) {
        char completed[4] = {'\x80', '\x80', '\x80', '\x80'};
        for (std::size_t i = 0; i < kept; ++i) completed[i] = at[i];
        if (utf8_sequence_bytes(completed, 4) > kept) return kept;
    }
    return 1;
}

}  // namespace detail

/// Whether `text` is well-formed UTF-8 (RFC 3629). ASCII is checked eight bytes at a time. The
/// first other byte leads, where the processor has SSSE3, to sixteen bytes at a time whatever the
/// script, at most twice as dear; elsewhere to one character at a time.
[[nodiscard]] inline bool is_valid_utf8(std::string_view text) noexcept {
    const char* at = text.data();
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
        if (left >= 16 && at - text.data() >= 3 && detail::has_utf8_vector())
            return detail::is_valid_utf8_vector(at, left);
        const bool is_ascii = static_cast<unsigned char>(*at) < 0x80;
        const std::size_t bytes = is_ascii ? 1 : detail::utf8_sequence_bytes(at, left);
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
    while (max_bytes != 0 && detail::is_utf8_continuation(text[max_bytes])) --max_bytes;
    return text.substr(0, max_bytes);
}

}  // namespace millrace
