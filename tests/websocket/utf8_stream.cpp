#include <millrace/websocket/utf8_stream.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "naive_utf8.hpp"

using namespace millrace::websocket;

namespace {

/// Feeds in chunks; gives what the stream says of the text.
utf8_state state_of(std::string_view text, std::size_t chunk) {
    utf8_stream stream;
    for (std::size_t at = 0; at < text.size(); at += chunk)
        if (!stream.feed(text.substr(at, chunk))) return utf8_state::invalid;
    return stream.is_complete() ? utf8_state::valid : utf8_state::cut_off;
}

}  // namespace

TEST_CASE("text in pieces is judged as a naive decoder judges it, at every byte") {
    std::mt19937 random{test_seed() + 21};
    const auto below = [&](std::size_t n) { return static_cast<unsigned>(random() % n); };
    for (int round = 0; round != 120; ++round) {
        CAPTURE(test_seed(), round);
        std::string text;
        for (unsigned n = below(30); n != 0; --n) {
            static constexpr std::uint32_t ends[] = {0x80, 0x80, 0x800, 0xd800, 0x10ffff};
            text += encode_utf8(below(ends[below(5)]));
        }
        if (below(2) == 0 && !text.empty())
            text[below(text.size())] = static_cast<char>(below(256));
        for (std::size_t size = 0; size <= text.size(); ++size) {
            const auto part = std::string_view{text}.substr(0, size);
            const auto expected = naive_utf8(part);
            for (const std::size_t chunk : {1u, 2u, 3u, 5u, 16u, 1000u})
                REQUIRE(state_of(part, chunk) == expected);
        }
    }
}

TEST_CASE("every pair and triple of bytes at a character's start is judged at its first bad byte") {
    for (unsigned first = 0x80; first != 0x100; ++first)
        for (unsigned second = 0; second != 0x100; ++second) {
            std::vector<std::string> texts{bytes_of({first, second})};
            for (const unsigned third : {0x00u, 0x7fu, 0x80u, 0xbfu, 0xc0u, 0xffu})
                texts.push_back(bytes_of({first, second, third}));
            for (const auto& text : texts)
                for (const std::size_t chunk : {1u, 2u, 3u})
                    if (state_of(text, chunk) != naive_utf8(text))
                        FAIL(first << ' ' << second << " in chunks of " << chunk);
        }
}
