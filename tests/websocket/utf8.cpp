#include <millrace/websocket/utf8.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "naive_decoder.hpp"

using namespace millrace::websocket;
using namespace millrace::websocket::tests;

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
        for (std::size_t before = 0; before != 20; ++before)
            for (const std::size_t after : {0u, 1u, 7u, 8u, 9u}) {
                const std::string ascii_before(before, 'a');
                const std::string ascii_after(after, 'z');
                CHECK(is_valid_utf8(ascii_before + ascii_after));
                CHECK_FALSE(is_valid_utf8(ascii_before + sequence + ascii_after));
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

TEST_CASE("a prefix never cuts a character") {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (std::size_t n = 0; n != 12; ++n) {
        CHECK(utf8_prefix(text, n) == std::string_view{text}.substr(0, expected[n]));
        CHECK(is_valid_utf8(utf8_prefix(text, n)));
    }
}
