#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <millrace/codec/plain_run.hpp>
#include <millrace/core/utf8.hpp>

namespace millrace::detail {

/// The bytes of a JSON text that may be read: those before `end`, and the NUL there.
struct json_bytes {
    const char* begin;
    const char* end;
};

/// A run of characters that can stand for themselves in a JSON string: it ends at a quote, a
/// backslash, a control character, or the NUL behind the text.
struct string_run {
    const char* end;
    bool is_ascii;
};

/// As `scan_string_run`, on every machine and for the shortest texts.
[[nodiscard]] inline string_run scan_string_run_by_words(const char* at, json_bytes in) noexcept {
    bool is_ascii = true;
    while ((at = end_of_plain_run(at, in.end)) != in.end &&
           static_cast<unsigned char>(*at) >= 0x80) {
        is_ascii = false;
        ++at;
    }
    return {at, is_ascii};
}

#if defined(__SSE2__)

/// Of 16 bytes, as bits, those that end a run and those that are not ASCII.
struct string_bytes {
    unsigned ends;
    unsigned high;

    explicit string_bytes(const char* at) noexcept {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        ends = static_cast<unsigned>(
            _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
        high = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    }

    // Where there is an end:
    [[nodiscard]] const char* end_from(const char* at) const noexcept {
        return at + std::countr_zero(ends);
    }
    [[nodiscard]] unsigned high_before_end() const noexcept { return high & (ends ^ (ends - 1)); }
};

[[nodiscard]] inline string_run scan_string_run(const char* at, json_bytes in) noexcept {
    constexpr std::ptrdiff_t step = 16;
    unsigned high = 0;
    for (; in.end + 1 - at >= step; at += step) {
        const string_bytes bytes{at};
        if (bytes.ends != 0) return {bytes.end_from(at), (high | bytes.high_before_end()) == 0};
        high |= bytes.high;
    }
    if (in.end + 1 - in.begin < step) return scan_string_run_by_words(at, in);
    // The text's last bytes, seen together with what is in front of them.
    const char* const last = in.end + 1 - step;
    string_bytes bytes{last};
    bytes.ends >>= at - last;
    bytes.high >>= at - last;
    return {bytes.end_from(at), (high | bytes.high_before_end()) == 0};
}

#else

[[nodiscard]] inline string_run scan_string_run(const char* at, json_bytes in) noexcept {
    return scan_string_run_by_words(at, in);
}

#endif

#if defined(__GNUC__) && defined(__x86_64__)

/// As `end_of_plain_string`, of a string in front of which are at least three bytes, in a text of
/// at least 19, by a processor that has SSSE3.
[[nodiscard, gnu::target("ssse3")]] inline const char* end_of_string_by_vectors(
    const char* at, json_bytes in) noexcept {
    constexpr std::ptrdiff_t step = 16;
    for (unsigned high_before = 0;; at += step) {
        // The text's last bytes are seen together with what is in front of them.
        const char* const from = std::min(at, in.end + 1 - step);
        const string_bytes bytes{from};
        unsigned errors = 0;
        if ((bytes.high | high_before) != 0) {
            const __m128i is_right = _mm_cmpeq_epi8(utf8_errors(from), _mm_setzero_si128());
            errors = (static_cast<unsigned>(_mm_movemask_epi8(is_right)) ^ 0xFFFF) >> (at - from);
        }
        high_before = bytes.high;
        const unsigned ends = bytes.ends >> (at - from);
        if (ends == 0) {
            if (errors != 0) return nullptr;
            continue;
        }
        // A character that is cut off is an error of the quote behind it.
        const char* const end = at + std::countr_zero(ends);
        return *end == '"' && (errors & (ends ^ (ends - 1))) == 0 ? end : nullptr;
    }
}

#else

[[nodiscard]] inline const char* end_of_string_by_vectors(const char*, json_bytes) noexcept {
    return nullptr;
}

#endif

/// As `end_of_plain_string`, of any string.
[[nodiscard, gnu::noinline]] inline const char* end_of_any_string(const char* at,
                                                                  json_bytes in) noexcept {
    if (has_utf8_vector() && at - in.begin >= 3 && in.end + 1 - in.begin >= 19)
        return end_of_string_by_vectors(at, in);
    const string_run run = scan_string_run(at, in);
    const std::string_view text{at, static_cast<std::size_t>(run.end - at)};
    return *run.end == '"' && (run.is_ascii || is_valid_utf8(text)) ? run.end : nullptr;
}

/// The quote that ends the string whose first character is at `at`; null unless the string is UTF-8
/// without escapes, and closed.
[[nodiscard]] inline const char* end_of_plain_string(const char* at, json_bytes in) noexcept {
#if defined(__SSE2__)
    if (in.end + 1 - at >= 16) {
        const string_bytes bytes{at};
        if (bytes.ends != 0 && bytes.high_before_end() == 0) {
            const char* const end = bytes.end_from(at);
            return *end == '"' ? end : nullptr;
        }
    }
#endif
    return end_of_any_string(at, in);
}

}  // namespace millrace::detail
