#include <millrace/codec/plain_string.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// By the letter of RFC 8259, section 7, byte by byte.
string_run naive_run(const char* at, json_bytes in) {
    bool is_ascii = true;
    for (; at != in.end; ++at) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x20 || byte == '"' || byte == '\\') break;
        if (byte >= 0x80) is_ascii = false;
    }
    return {at, is_ascii};
}

/// Where the string that begins behind `skipped` bytes of the text ends, or -1.
std::ptrdiff_t end_in(std::string_view text, std::size_t skipped = 0) {
    const std::string copy{text};
    const char* const quote =
        end_of_plain_string(copy.data() + skipped, {copy.data(), copy.data() + copy.size()});
    return quote == nullptr ? -1 : quote - copy.data();
}

}  // namespace

TEST_CASE("scan_string_run finds what a naive scan finds, at every place of texts of every size") {
    const unsigned seed = 8;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (std::size_t size = 0; size < 80; ++size) {
        for (int round = 0; round < 50; ++round) {
            const auto block = std::make_unique<char[]>(size + 1);
            std::generate_n(block.get(), size, [&] {
                const auto kind = random() % 40;
                if (kind == 0) return '"';
                if (kind == 1) return '\\';
                if (kind == 2) return static_cast<char>(random() % 0x21);
                if (kind == 3) return static_cast<char>(0x7F + random() % 0x81);
                return 'x';
            });
            block[size] = '\0';
            const json_bytes in{block.get(), block.get() + size};
            for (const char* at = in.begin; at <= in.end; ++at) {
                const string_run expected = naive_run(at, in);
                for (const string_run found :
                     {scan_string_run(at, in), scan_string_run_by_words(at, in)}) {
                    REQUIRE(found.end == expected.end);
                    REQUIRE(found.is_ascii == expected.is_ascii);
                }
            }
        }
    }
}

TEST_CASE("end_of_plain_string takes UTF-8 up to its quote, and nothing else") {
    CHECK(end_in("\"") == 0);
    CHECK(end_in("abc\"def\"") == 3);
    CHECK(end_in("abc\"def\"", 4) == 7);
    CHECK(end_in("Zürich, 東京 and 😀\"") == 24);
    CHECK(end_in("/\x7F\"") == 2);
    for (const std::string_view text :
         {"", "abc", "a\\n\"", "a\\\"", "a\n\"", "\x1F\"", "\x80\"", "\xC3\"", "\xC0\x80\"",
          "\xED\xA0\x80\"", "\xF4\x90\x80\x80\"", "sixteen bytes and more \xFF\""}) {
        INFO(text);
        CHECK(end_in(text) == -1);
    }
    CHECK(end_in(std::string_view{"a\0\"", 3}) == -1);
}
