#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <millrace/core/utf8.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/mask.hpp>

namespace millrace::websocket {

/// Writes the header of an unmasked frame, as a server sends it, to `out`, which must have room for
/// `max_frame_header_bytes`. `is_compressed` sets RSV1, for a message's first frame only (RFC 7692,
/// section 6). Returns the bytes written (2, 4 or 10; RFC 6455, section 5.2).
inline std::size_t write_frame_header(char* out, opcode op, std::uint64_t payload_bytes,
                                      bool fin = true, bool is_compressed = false) noexcept {
    out[0] = static_cast<char>((fin ? 0x80u : 0u) | (is_compressed ? 0x40u : 0u) |
                               static_cast<unsigned>(op));
    if (payload_bytes < 126) {
        out[1] = static_cast<char>(payload_bytes);
        return 2;
    }
    const std::size_t width = payload_bytes < 0x10000 ? 2 : 8;
    out[1] = width == 2 ? 126 : 127;
    for (std::size_t i = 0; i != width; ++i)
        out[2 + i] = static_cast<char>(payload_bytes >> (8 * (width - 1 - i)));
    return 2 + width;
}

/// As `write_frame_header`, with the masking key behind the length, as a client sends it.
inline std::size_t write_masked_frame_header(char* out, opcode op, std::uint64_t payload_bytes,
                                             std::uint32_t mask, bool fin = true,
                                             bool is_compressed = false) noexcept {
    const std::size_t at = write_frame_header(out, op, payload_bytes, fin, is_compressed);
    out[1] = static_cast<char>(static_cast<unsigned char>(out[1]) | 0x80u);
    std::memcpy(out + at, &mask, 4);
    return at + 4;
}

/// Appends a whole frame as a server sends it. A text payload must be valid UTF-8 and a control
/// frame's at most 125 bytes; neither is checked.
inline void append_frame(std::string& out, opcode op, std::string_view payload, bool fin = true,
                         bool is_compressed = false) {
    char header[max_frame_header_bytes];
    out.append(header, write_frame_header(header, op, payload.size(), fin, is_compressed));
    out.append(payload);
}

/// Appends a whole frame as a client sends it. `mask` must come from a strong source of entropy
/// (RFC 6455, section 5.3); it is written as it lies in memory.
inline void append_masked_frame(std::string& out, opcode op, std::string_view payload,
                                std::uint32_t mask, bool fin = true, bool is_compressed = false) {
    char header[max_frame_header_bytes];
    out.append(header,
               write_masked_frame_header(header, op, payload.size(), mask, fin, is_compressed));
    const std::size_t start = out.size();
    out.append(payload);
    apply_mask(out.data() + start, payload.size(), mask);
}

/// A close frame's payload: the code and the reason, cut to 123 bytes between two characters. Empty
/// for codes that must not be sent, such as `close_code::no_status`; a reason that is not valid
/// UTF-8 is left out.
[[nodiscard]] inline std::string close_payload(close_code code, std::string_view reason = {}) {
    std::string payload;
    if (!may_be_sent(code)) return payload;
    const auto value = static_cast<std::uint16_t>(code);
    payload.push_back(static_cast<char>(value >> 8));
    payload.push_back(static_cast<char>(value & 0xffu));
    const std::string_view fitting = utf8_prefix(reason, max_control_payload_bytes - 2);
    if (is_valid_utf8(fitting)) payload.append(fitting);
    return payload;
}

/// Appends a close frame as a server sends it (see `close_payload`).
inline void append_close(std::string& out, close_code code, std::string_view reason = {}) {
    append_frame(out, opcode::close, close_payload(code, reason));
}

}  // namespace millrace::websocket
