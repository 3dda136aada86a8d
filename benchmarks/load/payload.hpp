#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "frames.hpp"

namespace load {

constexpr std::size_t payload_bytes = 128;

/// A text of 128 bytes: ASCII, or words of several scripts and emoji, as chats and place names are.
inline std::string make_payload(std::mt19937_64& random, bool is_ascii) {
    static constexpr std::string_view words[] = {
        "price ", "caf\xc3\xa9 ", "\xe4\xb8\xad\xe6\x96\x87", "\xf0\x9f\x98\x80",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 "};
    std::string text;
    while (text.size() < payload_bytes) {
        if (is_ascii) {
            text += static_cast<char>('a' + random() % 26);
        } else {
            const std::string_view word = words[random() % 5];
            text += text.size() + word.size() <= payload_bytes ? word : std::string_view{"."};
        }
    }
    return text;
}

/// Masked text frames, one behind the other.
inline std::string make_frames(std::mt19937_64& random, std::size_t count, bool is_ascii) {
    std::string frames;
    for (; count != 0; --count)
        append_masked_frame(frames, opcode::text, make_payload(random, is_ascii),
                            static_cast<std::uint32_t>(random()));
    return frames;
}

}  // namespace load
