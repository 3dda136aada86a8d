#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <millrace/core/error.hpp>
#include <millrace/websocket/message_buffer.hpp>

namespace millrace::websocket {

/// Compresses one connection's messages and restores those of its peer. Not thread-safe.
class compressor {
public:
    virtual ~compressor() = default;

    /// Appends to `out` what `piece`, the next part of a message, stands for; `is_last` ends the
    /// message. `out` holds what the message's earlier parts stood for, at most `max_bytes`.
    /// Returns `errc{}`; or `errc::protocol_error` for what was not compressed so, or
    /// `errc::message_too_big`, after which nothing more may be restored. `out` exceeds neither
    /// `max_bytes` nor the compressor's own limits by more than one byte.
    virtual errc restore(std::string_view piece, bool is_last, std::size_t max_bytes,
                         message_buffer& out) = 0;

    /// Appends the compressed `message` to `out`, to be sent with RSV1 set. False, with `out` as it
    /// was, when the message is better sent as it is.
    virtual bool compress(std::string_view message, std::string& out) = 0;

    /// Connections with equal keys other than 0 can be sent the same compressed bytes.
    [[nodiscard]] virtual std::uint64_t shared_key() const noexcept = 0;

    /// What it holds at the moment, for this connection alone.
    [[nodiscard]] virtual std::size_t memory_bytes() const noexcept { return 0; }
};

/// What both sides of a handshake agreed on.
struct compression_agreement {
    std::string header;  ///< value of Sec-WebSocket-Extensions for the server's answer
    std::unique_ptr<compressor> connection;  ///< null for none
};

/// Compression as an endpoint offers or accepts it (RFC 6455, section 9). One object serves all
/// connections, from any thread. The real one is `permessage_deflate`, of its own target; this
/// contract lets the rest do without zlib.
class compression {
public:
    virtual ~compression() = default;

    /// The server's choice among a client's offers, a value of Sec-WebSocket-Extensions.
    [[nodiscard]] virtual compression_agreement accept(std::string_view offers) const = 0;

    /// A client's offer, a value of Sec-WebSocket-Extensions.
    [[nodiscard]] virtual std::string offer() const = 0;

    /// What the server's answer to `offer()` agrees to; nothing when it is no valid answer.
    [[nodiscard]] virtual compression_agreement confirm(std::string_view answer) const = 0;
};

}  // namespace millrace::websocket
