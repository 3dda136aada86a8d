#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace load {

enum class opcode : unsigned char { text = 0x1, close = 0x8, ping = 0x9, pong = 0xa };

/// A frame as a client sends it, of at most 65,535 bytes.
inline void append_masked_frame(std::string& out, opcode op, std::string_view payload,
                                std::uint32_t mask) {
    std::array<char, 4> key{};
    for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(mask >> (8 * i));

    out += static_cast<char>(0x80 | static_cast<unsigned char>(op));
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size());
    }
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ key[i % 4]);
}

/// Calls `on_frame(opcode, payload)` for each whole frame of a server; returns the bytes they took.
template <class F>
std::size_t for_each_frame(std::string_view bytes, F&& on_frame) {
    std::size_t at = 0;
    for (;;) {
        const std::string_view rest = bytes.substr(at);
        if (rest.size() < 2) return at;
        if ((rest[0] & 0x80) == 0) throw std::runtime_error("the server fragments a message");
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
        std::uint64_t length = byte(1);
        const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (rest.size() < 2 + extra) return at;
        if (extra != 0) length = 0;
        for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(2 + i);
        if (rest.size() - 2 - extra < length) return at;
        on_frame(static_cast<opcode>(byte(0) & 0x0f), rest.substr(2 + extra, length));
        at += 2 + extra + length;
    }
}

}  // namespace load
