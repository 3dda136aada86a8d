#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <millrace/client/backoff.hpp>
#include <millrace/websocket/compression.hpp>

namespace millrace {

/// What happens to a message that finds the outbox full.
enum class full_outbox {
    drop_oldest,  ///< the oldest messages that wait are dropped, and counted
    refuse,       ///< it is not taken: `send` returns false
};

/// Settings of a client. Each limit says what happens at the limit.
struct client_options {
    /// "ws://host:port/path?query"; "wss://..." with a transport over TLS.
    std::string url{};
    /// Where to connect to, if not to the URL's host: an address, or a Unix socket's path. With TLS
    /// the certificate must still be for the URL's host, or for `tls_options::server_name`.
    std::string connect_host{};
    /// An HTTP proxy that is asked to CONNECT, as "host:port", which is no URL; none if
    /// empty. Over TCP and TLS.
    std::string proxy{};

    /// In order of preference; see `client::subprotocol` for the server's choice.
    std::vector<std::string> subprotocols{};
    /// Sent as "Authorization: Bearer ...", unless empty.
    std::string bearer_token{};
    /// Further header fields, name and value.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// What both sides compress messages by, where the server agrees, for example
    /// `websocket::permessage_deflate`, which also says from which size on; none if null. Messages
    /// are compressed in the client's thread, shortly before they are written; they count against
    /// `outbox_bytes` as they were.
    std::shared_ptr<const websocket::compression> compression{};

    /// A longer message ends the connection with 1009.
    std::size_t max_message_bytes = 1024 * 1024;
    /// Ping, pong and close frames from the server; beyond: it is closed with 1008, and the error
    /// is `errc::too_many_requests`.
    std::size_t max_control_frames_per_second = 100;
    /// Of the server's answer to the upgrade, with interim ones (1xx) before it; beyond:
    /// `errc::header_too_large`.
    std::size_t max_head_bytes = 8 * 1024;
    /// What waits to be sent, connected or not, each message counted with 64 bytes on top; beyond:
    /// `when_full`. A longer message is never taken. What `on_open` sends has as much room of its
    /// own.
    std::size_t outbox_bytes = 1024 * 1024;
    full_outbox when_full = full_outbox::drop_oldest;

    /// From the first step to the upgrade. Each of these times must be longer than 0,
    /// and no longer than a hundred years.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
    /// A connection from which nothing was received for so long is sent a ping.
    std::chrono::milliseconds ping_interval = std::chrono::seconds{20};
    /// A connection from which nothing was received for so long, nor pongs, is given up.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
    /// How long the server has for its part of the closing handshake.
    std::chrono::milliseconds close_timeout = std::chrono::seconds{5};

    /// When to connect again after a connection that failed or ended, whatever the reason.
    backoff_options reconnect{};
};

}  // namespace millrace
