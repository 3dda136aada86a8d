#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::websocket {

/// The masking key for what follows `bytes` masked bytes. `mask` is as it lies in memory on the
/// wire.
[[nodiscard]] constexpr std::uint32_t turn_mask(std::uint32_t mask, std::size_t bytes) noexcept {
    const int bits = 8 * static_cast<int>(bytes % 4);
    return std::endian::native == std::endian::little ? std::rotr(mask, bits)
                                                      : std::rotl(mask, bits);
}

/// Masks or unmasks `size` bytes in place (RFC 6455, section 5.3), eight at a time. `mask` is the
/// masking key as it lies in memory on the wire. True if all resulting bytes are ASCII, which
/// spares most text the UTF-8 check. Touches no byte outside of the range.
inline bool apply_mask(char* data, std::size_t size, std::uint32_t mask) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080u;
    const auto widen = [](std::uint64_t key) { return (key << 32) | key; };
    const std::uint64_t wide_mask = widen(mask);

    if (size < 8) {
        char key[8];
        std::memcpy(key, &wide_mask, 8);
        unsigned seen = 0;
        for (std::size_t i = 0; i != size; ++i) {
            data[i] = static_cast<char>(data[i] ^ key[i]);
            seen |= static_cast<unsigned char>(data[i]);
        }
        return seen < 0x80;
    }

    // The last word overlaps the one before: it is read before that one is written.
    std::uint64_t last;
    std::memcpy(&last, data + size - 8, 8);
    last ^= widen(turn_mask(mask, size));

    std::uint64_t seen = last;
    std::size_t at = 0;
    const auto step = [&](std::size_t offset) {
        std::uint64_t word;
        std::memcpy(&word, data + offset, 8);
        word ^= wide_mask;
        std::memcpy(data + offset, &word, 8);
        return word;
    };
    for (; at + 32 <= size; at += 32)
        seen |= step(at) | step(at + 8) | step(at + 16) | step(at + 24);
    for (; at + 8 <= size; at += 8) seen |= step(at);
    std::memcpy(data + size - 8, &last, 8);
    return (seen & high_bits) == 0;
}

}  // namespace millrace::websocket
