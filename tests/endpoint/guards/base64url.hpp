#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Encodes base64url without padding, bit by bit.
inline std::string encode_base64url(std::string_view bytes) {
    std::string out;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
        std::size_t digit = 0;
        for (std::size_t i = bit; i != bit + 6; ++i) {
            const auto byte = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0u;
            digit = digit * 2 + (byte >> (7 - i % 8) & 1u);
        }
        out += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[digit];
    }
    return out;
}
