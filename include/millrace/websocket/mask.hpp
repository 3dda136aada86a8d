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

namespace detail {

/// Two words that the processor handles at once.
using word_pair __attribute__((vector_size(16))) = std::uint64_t;

template <class Word>
[[nodiscard]] inline Word load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Masks one `Word` in place and gives it.
template <class Word>
inline Word mask_word(char* at, Word key) noexcept {
    const Word word = load<Word>(at) ^ key;
    std::memcpy(at, &word, sizeof word);
    return word;
}

}  // namespace detail

/// Masks or unmasks `size` bytes in place (RFC 6455, section 5.3), 16 at a time. `mask` is the
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
    const auto last = detail::load<std::uint64_t>(data + size - 8) ^ widen(turn_mask(mask, size));

    const detail::word_pair pair_mask{wide_mask, wide_mask};
    detail::word_pair seen{last, 0};
    std::size_t at = 0;
    for (; at + 64 <= size; at += 64) {
        const auto first = detail::mask_word(data + at, pair_mask),
                   second = detail::mask_word(data + at + 16, pair_mask),
                   third = detail::mask_word(data + at + 32, pair_mask),
                   fourth = detail::mask_word(data + at + 48, pair_mask);
        seen |= (first | second) | (third | fourth);
    }
    for (; at + 16 <= size; at += 16) seen |= detail::mask_word(data + at, pair_mask);
    std::uint64_t seen_word = seen[0] | seen[1];
    if (at + 8 <= size) seen_word |= detail::mask_word(data + at, wide_mask);
    std::memcpy(data + size - 8, &last, 8);
    return (seen_word & high_bits) == 0;
}

}  // namespace millrace::websocket
