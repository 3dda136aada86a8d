#include <millrace/core/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "naive_utf8.hpp"

using namespace millrace;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (; times != 0; --times) out += text;
    return out;
}

/// In memory that ends with the text, for the sanitizer to see a byte read beyond it, and begins
/// `shift` bytes behind a boundary.
bool is_valid(std::string_view text, std::size_t shift = 0) {
    const auto memory = std::make_unique<char[]>(shift + text.size());
    std::copy(text.begin(), text.end(), memory.get() + shift);
    return is_valid_utf8({memory.get() + shift, text.size()});
}

}  // namespace

TEST_CASE("every code point is valid exactly when it is a Unicode scalar value") {
    for (std::uint32_t code = 0; code <= 0x1fffff; ++code) {
        const bool valid = is_valid_utf8(encode_utf8(code));
        if (valid != is_scalar_value(code)) FAIL("code point " << code);
    }
}

TEST_CASE("well-known malformed sequences are refused wherever they stand") {
    const std::string bad[] = {
        bytes_of({0x80}),  // a continuation byte alone
        bytes_of({0xbf}),
        bytes_of({0xc0, 0x80}),  // overlong NUL
        bytes_of({0xc1, 0xbf}),  // overlong U+007F
        bytes_of({0xe0, 0x80, 0x80}),
        bytes_of({0xe0, 0x9f, 0xbf}),  // overlong U+07FF
        bytes_of({0xf0, 0x80, 0x80, 0x80}),
        bytes_of({0xf0, 0x8f, 0xbf, 0xbf}),              // overlong U+FFFF
        bytes_of({0xed, 0xa0, 0x80}),                    // U+D800
        bytes_of({0xed, 0xbf, 0xbf}),                    // U+DFFF
        bytes_of({0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80}),  // a surrogate pair
        bytes_of({0xf4, 0x90, 0x80, 0x80}),              // U+110000
        bytes_of({0xf5, 0x80, 0x80, 0x80}),
        bytes_of({0xf8, 0x88, 0x80, 0x80, 0x80}),
        bytes_of({0xfc, 0x84, 0x80, 0x80, 0x80, 0x80}),
        bytes_of({0xfe}),
        bytes_of({0xff}),
        bytes_of({0xc3}),  // cut off
        bytes_of({0xe2, 0x82}),
        bytes_of({0xf0, 0x9f, 0x98}),
        bytes_of({0xc3, 0x41}),  // an ASCII byte where a continuation must be
        bytes_of({0xe2, 0x41, 0x82}),
        bytes_of({0xe2, 0x82, 0x41}),
        bytes_of({0xf0, 0x9f, 0x98, 0x41}),
    };
    for (const auto& sequence : bad)
        for (const std::string filler : {"a", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"})
            for (std::size_t before = 0; before != 40; ++before)
                for (const std::size_t after : {0u, 1u, 7u, 8u, 9u, 17u, 40u}) {
                    const std::string front = std::string(before % 4, 'a') + repeat(filler, before);
                    const std::string back = repeat(filler, after);
                    if (!is_valid(front + back) || is_valid(front + sequence + back))
                        FAIL(front.size() << " bytes, " << sequence << ", " << back.size());
                }
}

TEST_CASE("valid text in many scripts is accepted") {
    CHECK(is_valid_utf8(""));
    CHECK(is_valid_utf8(std::string_view{"\0", 1}));
    CHECK(is_valid_utf8("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"));
    CHECK(is_valid_utf8("\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 text"));
    CHECK(is_valid_utf8("\xf4\x8f\xbf\xbf\xef\xbf\xbf\xee\x80\x80\xed\x9f\xbf"));
}

TEST_CASE("random strings are judged as a naive decoder judges them") {
    const auto seed = GENERATE(1u, 2u, 3u);
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    int valid_count = 0;
    for (int round = 0; round != 20000; ++round) {
        std::string text;
        for (std::uint32_t n = below(24); n != 0; --n) {
            static constexpr std::uint32_t ends[] = {0x80, 0x800, 0xd800, 0x10000, 0x110000};
            text += encode_utf8(below(ends[below(5)]));
        }
        if (!text.empty() && below(2) == 0) {
            const auto at = below(static_cast<std::uint32_t>(text.size()));
            if (below(3) == 0)
                text.erase(at, 1);
            else
                text[at] = static_cast<char>(below(256));
        }
        const bool expected = naive_utf8(text) == utf8_state::valid;
        valid_count += expected;
        if (is_valid_utf8(text) != expected) FAIL("round " << round);
    }
    CHECK(valid_count > 2000);
    CHECK(valid_count < 18000);
}

TEST_CASE("long strings of every length and alignment are judged likewise") {
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
    std::size_t valid_count = 0;
    constexpr std::size_t rounds = 12'000;
    for (std::size_t round = 0; round != rounds; ++round) {
        static constexpr std::uint32_t ends[] = {0x80, 0x800, 0x10000, 0x110000};
        const std::uint32_t end = ends[below(4)];
        std::string text(below(20), 'a');
        const std::size_t size = text.size() + below(120);
        while (text.size() < size) {
            const std::uint32_t code = below(end);
            text += encode_utf8(is_scalar_value(code) ? code : 0xffff);
        }
        for (std::uint32_t errors = below(3); errors != 0 && !text.empty(); --errors)
            text[below(text.size())] = static_cast<char>(below(256));
        if (below(2) == 0) text.resize(text.size() - std::min<std::size_t>(below(4), text.size()));
        const bool expected = naive_utf8(text) == utf8_state::valid;
        valid_count += expected;
        if (is_valid(text, round % 16) != expected) FAIL("round " << round);
    }
    CHECK(valid_count > rounds / 5);
    CHECK(valid_count < rounds * 4 / 5);
}

TEST_CASE("any two bytes amid long text are judged likewise") {
    for (const std::string around : {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"})
        for (unsigned pair = 0; pair != 0x10000; ++pair) {
            const std::string two = bytes_of({pair >> 8, pair & 0xff});
            const std::string nearby = around + two + around;
            const std::string text = repeat(around, 16) + two + repeat(around, 16);
            if (is_valid_utf8(text) != (naive_utf8(nearby) == utf8_state::valid)) FAIL(pair);
        }
}

TEST_CASE("a prefix never cuts a character") {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (std::size_t n = 0; n != 12; ++n) {
        CHECK(utf8_prefix(text, n) == std::string_view{text}.substr(0, expected[n]));
        CHECK(is_valid_utf8(utf8_prefix(text, n)));
    }
}

TEST_CASE("a sequence is found with its length, whatever stands behind it") {
    std::mt19937 random{11};
    for (int round = 0; round < 40'000; ++round) {
        const auto bits = static_cast<std::uint32_t>(random());
        std::string text =
            bytes_of({0x80 | (bits >> 24), bits >> 16 & 0xff, bits >> 8 & 0xff, bits & 0xff});
        if (round % 4 != 0) {
            for (std::size_t i = 1; i < 4; ++i)
                text[i] = static_cast<char>(0x80 | (text[i] & 0x3f));
        }
        std::size_t expected = 0;
        for (std::size_t size = 1; size <= 4 && expected == 0; ++size) {
            if (naive_utf8(std::string_view{text}.substr(0, size)) == utf8_state::valid)
                expected = size;
        }
        if (detail::utf8_sequence_bytes(text.data(), 4) != expected) FAIL("bytes " << bits);
    }
}

TEST_CASE("what is invalid is cut into maximal subparts") {
    // Unicode 15, section 3.9, table 3-8.
    std::string_view text = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
    std::string shown;
    while (!text.empty()) {
        const bool is_ascii = static_cast<unsigned char>(text[0]) < 0x80;
        shown += is_ascii ? text[0] : '?';
        text.remove_prefix(is_ascii ? 1 : detail::utf8_subpart_bytes(text.data(), text.size()));
    }
    CHECK(shown == "a???b?c??d");
    CHECK(detail::utf8_subpart_bytes("\xF0\x9F\x98", 3) == 3);
    CHECK(detail::utf8_subpart_bytes("\xF0\x9F", 2) == 2);
}
