#pragma once

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
};

[[nodiscard]] inline string_run scan_string_run(const char* at, json_bytes in) noexcept {
    constexpr std::ptrdiff_t step = 16;
    unsigned high = 0;
    const auto run_of = [&](const string_bytes& bytes) -> string_run {
        high |= bytes.high & (bytes.ends ^ (bytes.ends - 1));
        return {at + std::countr_zero(bytes.ends), high == 0};
    };
    for (; in.end + 1 - at >= step; at += step) {
        const string_bytes bytes{at};
        if (bytes.ends != 0) return run_of(bytes);
        high |= bytes.high;
    }
    const char* const last = in.end + 1 - step;
    if (last < in.begin) {
        const string_run rest = scan_string_run_by_words(at, in);
        return {rest.end, rest.is_ascii && high == 0};
    }
    // The text's last bytes, seen together with what is in front of them.
    string_bytes bytes{last};
    bytes.ends >>= at - last;
    bytes.high >>= at - last;
    return run_of(bytes);
}

#else

[[nodiscard]] inline string_run scan_string_run(const char* at, json_bytes in) noexcept {
    return scan_string_run_by_words(at, in);
}

#endif

/// The quote that ends the string whose first character is at `at`; null unless the string is UTF-8
/// without escapes, and closed.
[[nodiscard]] inline const char* end_of_plain_string(const char* at, json_bytes in) noexcept {
    const string_run run = scan_string_run(at, in);
    if (*run.end != '"') return nullptr;
    if (!run.is_ascii && !is_valid_utf8({at, static_cast<std::size_t>(run.end - at)}))
        return nullptr;
    return run.end;
}

}  // namespace millrace::detail
