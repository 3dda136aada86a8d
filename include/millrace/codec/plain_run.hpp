#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// The high bit of the first byte of `word` that cannot stand for itself in a JSON string or is
/// not ASCII: a quote, a backslash, a control character, 0x80 and above. Bits above it mean
/// nothing; 0 when there is no such byte.
[[nodiscard]] constexpr std::uint64_t special_bytes(std::uint64_t word) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    // A subtraction reaches a byte's high bit when the byte is smaller than what is taken away.
    // It borrows from the bytes above, so only the lowest bit found is sure.
    const std::uint64_t quote = (word ^ (each * '"')) - each;
    const std::uint64_t backslash = (word ^ (each * '\\')) - each;
    const std::uint64_t control = word - each * 0x20;
    return (quote | backslash | control | word) & (each * 0x80);
}

[[nodiscard]] constexpr bool is_special(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
}

/// The end of the run of plain ASCII at `at`, 16 or 8 bytes a step. Reads nothing from `end` on.
[[nodiscard]] inline const char* end_of_plain_run(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // As signed numbers, bytes from 0x80 on are below 0x20, too.
        const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                           _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
        if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found)); mask != 0) {
            return at + std::countr_zero(mask);
        }
    }
#endif
    for (; end - at >= 8; at += 8) {
        if (const std::uint64_t found = special_bytes(load_64(at)); found != 0) {
            return at + std::countr_zero(found) / 8;
        }
    }
    while (at != end && !is_special(*at)) ++at;
    return at;
}

}  // namespace millrace::detail
