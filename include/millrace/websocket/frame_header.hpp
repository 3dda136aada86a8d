#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::websocket {

/// Which end of the connection this is. A server receives masked frames and sends plain ones, a
/// client the reverse (RFC 6455, section 5.1).
enum class role { server, client };

/// RFC 6455, section 5.2.
enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

[[nodiscard]] constexpr bool is_control(opcode op) noexcept {
    return static_cast<std::uint8_t>(op) >= 8;
}

inline constexpr std::size_t max_frame_header_bytes = 14;
inline constexpr std::size_t max_control_payload_bytes = 125;

/// One frame's header, decoded.
struct frame_header {
    opcode op = opcode::continuation;
    bool fin = true;
    bool is_compressed = false;  ///< RSV1 (RFC 7692, section 6)
    std::uint8_t header_bytes = 0;
    std::uint32_t mask = 0;  ///< as it lies in memory on the wire; 0 when the frame is not masked
    std::uint64_t payload_bytes = 0;
};

enum class header_state { incomplete, complete, invalid };

namespace detail {

template <class Integer>
[[nodiscard]] inline std::uint64_t load_big_endian(const char* bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i != sizeof(Integer); ++i)
        value = (value << 8) | static_cast<unsigned char>(bytes[i]);
    return value;
}

/// RFC 6455, sections 5.1, 5.2 and 5.5: what the first two bytes alone can violate.
template <role Receiver>
[[nodiscard]] constexpr bool is_valid_start(unsigned first, unsigned second,
                                            bool may_be_compressed) noexcept {
    const unsigned op = first & 0x0fu;
    const bool masked = (second & 0x80u) != 0;
    if ((first & 0x70u) != 0) {
        const bool starts_message = op == 1 || op == 2;
        if ((first & 0x30u) != 0 || !may_be_compressed || !starts_message) return false;
    }
    if (masked != (Receiver == role::server)) return false;
    if (op < 8) return op <= 2;
    return op <= 10 && (first & 0x80u) != 0 && (second & 0x7fu) <= max_control_payload_bytes;
}

}  // namespace detail

/// Decodes the header at `bytes`, refusing what a single frame can do wrong: reserved bits and
/// opcodes, a wrong mask bit, a control frame that is fragmented or too long, a length that is not
/// in its shortest form or has its top bit set. RSV1 is a reserved bit, unless `may_be_compressed`:
/// then it may stand on a message's first frame. A violation is seen as soon as the bytes show it.
/// `header` is meaningful when `complete` is returned.
template <role Receiver>
[[nodiscard]] inline header_state parse_frame_header(const char* bytes, std::size_t size,
                                                     frame_header& header,
                                                     bool may_be_compressed = false) noexcept {
    if (size < 2) return header_state::incomplete;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    if (!detail::is_valid_start<Receiver>(first, second, may_be_compressed))
        return header_state::invalid;

    std::size_t at = 2;
    std::uint64_t length = second & 0x7fu;
    if (length == 126) {
        if (size < 4) return header_state::incomplete;
        length = detail::load_big_endian<std::uint16_t>(bytes + 2);
        if (length < 126) return header_state::invalid;
        at = 4;
    } else if (length == 127) {
        if (size < 10) return header_state::incomplete;
        length = detail::load_big_endian<std::uint64_t>(bytes + 2);
        if (length < 0x10000 || (length >> 63) != 0) return header_state::invalid;
        at = 10;
    }
    if constexpr (Receiver == role::server) {
        if (size < at + 4) return header_state::incomplete;
        std::memcpy(&header.mask, bytes + at, 4);
        at += 4;
    }
    header.op = static_cast<opcode>(first & 0x0fu);
    header.fin = (first & 0x80u) != 0;
    header.is_compressed = (first & 0x40u) != 0;
    header.header_bytes = static_cast<std::uint8_t>(at);
    header.payload_bytes = length;
    return header_state::complete;
}

}  // namespace millrace::websocket
