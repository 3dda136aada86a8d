#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && defined(__x86_64__)
#include <tmmintrin.h>
#define MILLRACE_UTF8_VECTOR 1
#define MILLRACE_TARGET_SSSE3 __attribute__((target("ssse3")))
#endif

namespace millrace::detail {

/// How two bytes, one behind the other, can break UTF-8, after Keiser and Lemire, "Validating UTF-8
/// in less than one instruction per byte" (2021), section 6: each rule is broken by the pairs whose
/// nibbles lie in its three sets.
struct utf8_pair_rule {
    std::uint16_t first_high, first_low, second_high;
};

/// The nibbles from `first` to `last`, as bits.
[[nodiscard]] constexpr std::uint16_t nibbles(unsigned first, unsigned last) noexcept {
    return static_cast<std::uint16_t>((2u << last) - (1u << first));
}

inline constexpr std::uint16_t any_nibble = nibbles(0x0, 0xf);
inline constexpr std::uint16_t continuation_nibbles = nibbles(0x8, 0xb);

inline constexpr std::array<utf8_pair_rule, 8> utf8_pair_rules{{
    // A lead byte without a continuation.
    {nibbles(0xc, 0xf), any_nibble, any_nibble & ~continuation_nibbles},
    // A continuation behind ASCII.
    {nibbles(0x0, 0x7), any_nibble, continuation_nibbles},
    // Overlong: C0 and C1, then E0 80..9F.
    {nibbles(0xc, 0xc), nibbles(0x0, 0x1), continuation_nibbles},
    {nibbles(0xe, 0xe), nibbles(0x0, 0x0), nibbles(0x8, 0x9)},
    // A surrogate: ED A0..BF.
    {nibbles(0xe, 0xe), nibbles(0xd, 0xd), nibbles(0xa, 0xb)},
    // Above U+10FFFF: F4..FF 90..BF.
    {nibbles(0xf, 0xf), nibbles(0x4, 0xf), nibbles(0x9, 0xb)},
    // Overlong, F0 80..8F, or above U+10FFFF, F5..FF 80..8F.
    {nibbles(0xf, 0xf), nibbles(0x0, 0x0) | nibbles(0x5, 0xf), nibbles(0x8, 0x8)},
    // Two continuations. It is the last, and so the high bit: no error behind a lead of three or
    // four bytes.
    {continuation_nibbles, any_nibble, continuation_nibbles},
}};

/// For each nibble the rules, as bits, whose set has it.
[[nodiscard]] constexpr std::array<unsigned char, 16> utf8_rules_of_nibbles(
    std::uint16_t utf8_pair_rule::*set) noexcept {
    std::array<unsigned char, 16> table{};
    for (unsigned nibble = 0; nibble != 16; ++nibble)
        for (unsigned rule = 0; rule != 8; ++rule)
            if ((utf8_pair_rules[rule].*set & (1u << nibble)) != 0)
                table[nibble] = static_cast<unsigned char>(table[nibble] | (1u << rule));
    return table;
}

#if defined(MILLRACE_UTF8_VECTOR)

struct utf8_vector_tables {
    alignas(16) std::array<unsigned char, 16> first_high, first_low, second_high;
};

inline constexpr utf8_vector_tables utf8_tables{
    utf8_rules_of_nibbles(&utf8_pair_rule::first_high),
    utf8_rules_of_nibbles(&utf8_pair_rule::first_low),
    utf8_rules_of_nibbles(&utf8_pair_rule::second_high)};

MILLRACE_TARGET_SSSE3 inline __m128i load_bytes(const void* at) noexcept {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

/// What is wrong with the 16 bytes at `at`, seen together with the three in front of them: zero
/// where nothing is.
MILLRACE_TARGET_SSSE3 inline __m128i utf8_errors(const char* at) noexcept {
    const __m128i low_nibble = _mm_set1_epi8(0x0f);
    const __m128i second = load_bytes(at);
    const __m128i first = load_bytes(at - 1);
    const __m128i first_high = _mm_and_si128(_mm_srli_epi16(first, 4), low_nibble);
    const __m128i second_high = _mm_and_si128(_mm_srli_epi16(second, 4), low_nibble);
    const __m128i broken = _mm_and_si128(
        _mm_and_si128(
            _mm_shuffle_epi8(load_bytes(&utf8_tables.first_high), first_high),
            _mm_shuffle_epi8(load_bytes(&utf8_tables.first_low), _mm_and_si128(first, low_nibble))),
        _mm_shuffle_epi8(load_bytes(&utf8_tables.second_high), second_high));

    // The high bit where two or three bytes ahead a lead wants a third or fourth byte here.
    const __m128i third = _mm_subs_epu8(load_bytes(at - 2), _mm_set1_epi8(0xe0 - 0x80));
    const __m128i fourth = _mm_subs_epu8(load_bytes(at - 3), _mm_set1_epi8(0xf0 - 0x80));
    const __m128i wanted =
        _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
    return _mm_xor_si128(broken, wanted);
}

[[nodiscard]] inline bool has_utf8_vector() noexcept { return __builtin_cpu_supports("ssse3"); }

/// Whether the `size` bytes at `at`, at least 16, are UTF-8. In front of them must be the last
/// three or more bytes of valid UTF-8. Reads nothing from `at + size` on.
[[nodiscard]] MILLRACE_TARGET_SSSE3 inline bool is_valid_utf8_vector(const char* at,
                                                                     std::size_t size) noexcept {
    const char* const end = at + size;
    __m128i errors = utf8_errors(end - 16);
    for (; end - at >= 16; at += 16) errors = _mm_or_si128(errors, utf8_errors(at));

    const auto tail = [end](int i) { return static_cast<unsigned char>(end[-i]); };
    const bool is_cut_off = tail(1) >= 0xc0 || tail(2) >= 0xe0 || tail(3) >= 0xf0;
    const __m128i equal = _mm_cmpeq_epi8(errors, _mm_setzero_si128());
    return !is_cut_off && _mm_movemask_epi8(equal) == 0xffff;
}

#else

[[nodiscard]] constexpr bool has_utf8_vector() noexcept { return false; }
[[nodiscard]] constexpr bool is_valid_utf8_vector(const char*, std::size_t) noexcept {
    return false;
}

#endif

}  // namespace millrace::detail

#undef MILLRACE_TARGET_SSSE3
#undef MILLRACE_UTF8_VECTOR
