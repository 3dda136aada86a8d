#pragma once

// What the tests of the protocol share: frames built bit by bit, a caller of `protocol` that reads
// in chunks, and a naive decoder of whole streams, written from RFC 6455 alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/websocket/protocol.hpp>

#include "naive_utf8.hpp"

namespace millrace::websocket::tests {

using transcript = std::vector<std::string>;

inline constexpr unsigned fin = 0x80, rsv1 = 0x40, rsv2 = 0x20, rsv3 = 0x10;
inline constexpr unsigned text = 1, binary = 2, close_op = 8, ping = 9, pong = 10;

inline const std::string protocol_failure = "error WebSocket protocol error";
inline const std::string utf8_failure = "error invalid UTF-8";
inline const std::string size_failure = "error message too big";

inline constexpr std::size_t no_limit = std::size_t{1} << 40;

/// A frame with any first byte; `width` is the number of length bytes (1, 2 or 8; 0: the shortest).
inline std::string raw_frame(unsigned first, std::string_view payload, bool masked = true,
                             std::size_t width = 0) {
    static constexpr unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    const unsigned mask_bit = masked ? 0x80u : 0u;
    const auto size = payload.size();
    if (width == 0) width = size < 126 ? 1 : size < 0x10000 ? 2 : 8;
    std::string out = bytes_of({first});
    if (width == 1) {
        out += bytes_of({mask_bit | static_cast<unsigned>(size)});
    } else {
        out += bytes_of({mask_bit | (width == 2 ? 126u : 127u)});
        for (std::size_t i = width; i-- > 0;)
            out.push_back(static_cast<char>(std::uint64_t{size} >> (8 * i)));
    }
    for (std::size_t i = 0; masked && i != 4; ++i) out.push_back(static_cast<char>(mask[i]));
    for (std::size_t i = 0; i != size; ++i)
        out.push_back(static_cast<char>(masked ? payload[i] ^ mask[i % 4] : payload[i]));
    return out;
}

/// A header that declares `size` bytes of payload, in the 8-byte form, without the payload.
inline std::string huge_header(unsigned first, std::uint64_t size) {
    std::string out = bytes_of({first, 0xff});
    for (std::size_t i = 8; i-- > 0;) out.push_back(static_cast<char>(size >> (8 * i)));
    return out + bytes_of({1, 2, 3, 4});
}

inline std::string close_frame(unsigned code, std::string_view reason = {}) {
    return raw_frame(fin | close_op, bytes_of({code >> 8, code & 255}) + std::string{reason});
}

/// Writes down what it is told, and uses all that it is allowed to do to a payload.
struct recorder {
    transcript events;
    std::size_t stop_after = no_limit;

    bool note(std::string_view what, std::string_view payload) {
        events.push_back(std::string{what} + ":" + std::string{payload});
        return events.size() < stop_after;
    }
    bool on_message(opcode op, std::span<char> payload) {
        char& behind = payload.data()[payload.size()];
        const char saved = behind;
        behind = '\0';
        const bool go_on =
            note(op == opcode::text ? "text" : "binary", {payload.data(), payload.size()});
        std::fill(payload.begin(), payload.end(), '#');
        behind = saved;
        return go_on;
    }
    bool on_ping(std::string_view payload) { return note("ping", payload); }
    bool on_pong(std::string_view payload) { return note("pong", payload); }
    bool on_close(close_code code, std::string_view reason) {
        return note("close " + std::to_string(static_cast<int>(code)), reason);
    }
};

/// Reads a stream in chunks as a connection does. Each time `protocol::receive` gets a block of
/// memory that ends where its bytes do.
template <role Role>
class reader {
public:
    explicit reader(protocol_options options = {}) : protocol_(options) {}

    /// False once the stream is in error.
    bool read(std::string_view chunk) {
        rest_.append(chunk);
        receive_result result;
        do {
            const auto block = std::make_unique<char[]>(rest_.size() + 1);
            std::memcpy(block.get(), rest_.data(), rest_.size());
            result = protocol_.receive({block.get(), rest_.size()}, handler);
            rest_.assign(block.get() + result.consumed, rest_.size() - result.consumed);
        } while (result.stopped);
        if (result.error) handler.events.push_back("error " + result.error.message());
        if (!result.error && rest_.size() >= protocol<Role>::max_unconsumed_bytes)
            handler.events.push_back("too much is left unconsumed");
        return !result.error;
    }

    recorder handler;
    protocol<Role>& of() { return protocol_; }

private:
    std::string rest_;
    protocol<Role> protocol_;
};

template <role Role = role::server>
transcript read_chunks(std::string_view stream, const std::vector<std::size_t>& cuts,
                       protocol_options options = {}) {
    reader<Role> r{options};
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
        if (!r.read(stream.substr(from, cut - from))) return r.handler.events;
        from = cut;
    }
    r.read(stream.substr(from));
    return r.handler.events;
}

inline std::vector<std::size_t> every(std::size_t step, std::size_t size) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = step; at < size; at += step) cuts.push_back(at);
    return cuts;
}

}  // namespace millrace::websocket::tests
