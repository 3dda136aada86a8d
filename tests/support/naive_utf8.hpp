#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

inline std::string bytes_of(std::initializer_list<unsigned> values) {
    std::string out;
    for (const unsigned value : values) out.push_back(static_cast<char>(value));
    return out;
}

/// How a byte string stands to UTF-8: by decoding each code point and encoding it anew.
enum class utf8_state { valid, cut_off, invalid };

inline std::string encode_utf8(std::uint32_t code) {
    if (code < 0x80) return bytes_of({code});
    if (code < 0x800) return bytes_of({0xc0 | (code >> 6), 0x80 | (code & 63)});
    if (code < 0x10000)
        return bytes_of({0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)});
    return bytes_of({0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63),
                     0x80 | (code & 63)});
}

inline bool is_scalar_value(std::uint32_t code) {
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

inline utf8_state naive_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto lead = static_cast<unsigned char>(text[0]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        std::uint32_t low = lead & (size == 1 ? 0x7fu : 0xffu >> (size + 1));
        std::uint32_t high = low;  // the range that the bytes seen so far leave open
        for (std::size_t i = 1; i != size; ++i) {
            const bool is_here = i < text.size();
            const auto next = is_here ? static_cast<unsigned char>(text[i]) : 0x80u;
            if ((next & 0xc0u) != 0x80u) return utf8_state::invalid;
            low = (low << 6) | (is_here ? next & 63u : 0u);
            high = (high << 6) | (is_here ? next & 63u : 63u);
        }
        if (lead >= 0x80 && (lead < 0xc0 || lead >= 0xf8)) return utf8_state::invalid;
        bool possible = false;
        for (std::uint32_t code = low; code <= high && !possible; ++code)
            possible = is_scalar_value(code) && encode_utf8(code).size() == size;
        if (!possible) return utf8_state::invalid;
        if (text.size() < size) return utf8_state::cut_off;
        text.remove_prefix(size);
    }
    return utf8_state::valid;
}
