#include <millrace/codec/plain_run.hpp>

#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

bool is_special_by_rfc(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x1F || byte == 0x22 || byte == 0x5C || byte > 0x7F;
}

/// The code point of a whole text, by the arithmetic of RFC 3629, section 3.
std::optional<unsigned> code_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return unsigned{static_cast<unsigned char>(text[i])}; };
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (byte(i) >> 6 != 2) return std::nullopt;
    }
    unsigned point = 0, least = 0;
    if (text.size() == 1 && byte(0) >> 7 == 0) {
        return byte(0);
    } else if (text.size() == 2 && byte(0) >> 5 == 6) {
        point = byte(0) & 0x1F, least = 0x80;
    } else if (text.size() == 3 && byte(0) >> 4 == 14) {
        point = byte(0) & 0x0F, least = 0x800;
    } else if (text.size() == 4 && byte(0) >> 3 == 30) {
        point = byte(0) & 0x07, least = 0x10000;
    } else {
        return std::nullopt;
    }
    for (std::size_t i = 1; i < text.size(); ++i) point = point << 6 | (byte(i) & 0x3F);
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return std::nullopt;
    return point;
}

}  // namespace

TEST_CASE("is_special is what RFC 8259 wants escaped, and what is not ASCII") {
    for (int c = -128; c < 128; ++c) {
        CHECK(is_special(static_cast<char>(c)) == is_special_by_rfc(static_cast<char>(c)));
    }
}

TEST_CASE(
    "end_of_plain_run finds each special byte at each place, and reads no further than the end") {
    for (std::size_t size = 0; size <= 40; ++size) {
        const auto text = std::make_unique<char[]>(size);
        for (int c = 0; c < 256; ++c) {
            for (std::size_t at = 0; at <= size; ++at) {
                for (std::size_t i = 0; i < size; ++i) text[i] = i % 2 == 0 ? ' ' : '\x7F';
                if (at < size) text[at] = static_cast<char>(c);
                if (at + 1 < size) text[at + 1] = '"';
                const bool is_found = at < size && is_special_by_rfc(text[at]);
                const std::size_t expected = is_found ? at : at + 1 < size ? at + 1 : size;
                const char* const found = end_of_plain_run(text.get(), text.get() + size);
                if (found != text.get() + expected) {
                    FAIL("size " << size << ", byte " << c << " at " << at);
                }
            }
        }
    }
}

TEST_CASE("special_bytes finds the first one whatever the other bytes are") {
    std::mt19937_64 random{7};
    for (int round = 0; round < 100'000; ++round) {
        std::uint64_t word = random();
        if (round % 2 == 0) word &= 0x7F7F7F7F7F7F7F7F;
        char bytes[8];
        std::memcpy(bytes, &word, 8);
        int expected = 0;
        while (expected < 8 && !is_special_by_rfc(bytes[expected])) ++expected;
        const std::uint64_t found = special_bytes(word);
        REQUIRE((found == 0 ? 8 : std::countr_zero(found) / 8) == expected);
    }
}

TEST_CASE("next_utf8 agrees with RFC 3629 on every sequence of two and three bytes") {
    for (unsigned bits = 0; bits < 1u << 24; bits += bits < 1u << 16 ? 1 : 7) {
        const char text[3] = {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                              static_cast<char>(bits)};
        const utf8_piece piece = next_utf8(text, text + 3);
        bool is_valid = false;
        for (std::size_t size = 1; size <= 3; ++size) {
            if (code_point({text, size})) {
                is_valid = true;
                if (piece.size != size) FAIL(bits);
                break;
            }
        }
        if (piece.is_valid != is_valid || piece.size < 1 || piece.size > 3) FAIL(bits);
    }
}

TEST_CASE("next_utf8 agrees with RFC 3629 on every code point and on random bytes") {
    std::mt19937 random{11};
    for (int round = 0; round < 2'000'000; ++round) {
        const auto bits = static_cast<unsigned>(random());
        char text[4] = {static_cast<char>(0xF0 | (bits >> 24 & 0x0F)),
                        static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                        static_cast<char>(bits)};
        if (round % 4 != 0) {
            for (int i = 1; i < 4; ++i) text[i] = static_cast<char>(0x80 | (text[i] & 0x3F));
        }
        const utf8_piece piece = next_utf8(text, text + 4);
        if (piece.is_valid != code_point({text, 4}).has_value()) FAIL(bits);
    }
}

TEST_CASE("next_utf8 cuts what is invalid into maximal subparts") {
    // Unicode 15, section 3.9, table 3-8: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64
    const std::string text = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
    std::string shown;
    for (const char* at = text.data(); at != text.data() + text.size();) {
        const utf8_piece piece = next_utf8(at, text.data() + text.size());
        shown += piece.is_valid ? *at : '?';
        at += piece.size;
    }
    CHECK(shown == "a???b?c??d");
    const std::string cut = "\xF0\x9F\x98";
    CHECK(next_utf8(cut.data(), cut.data() + 3).size == 3);
    CHECK_FALSE(next_utf8(cut.data(), cut.data() + 3).is_valid);
}
