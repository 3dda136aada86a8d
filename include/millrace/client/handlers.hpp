#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <system_error>

#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

enum class client_state {
    connecting,  ///< up to the upgrade
    open,
    closing,  ///< a close frame was sent or received
    waiting,  ///< for the next attempt
    stopped,  ///< for good
};

/// What a client tells its user, all in the thread that runs it; any may be left out. An exception
/// out of one goes no further: `on_error` gets `errc::handler_failed`, and an open connection is
/// closed with 1011, behind what waits to be sent.
struct client_handlers {
    /// The connection is open. What is sent from here goes ahead of messages that have waited, and
    /// to this connection only: the place for logins and subscriptions.
    std::function<void()> on_open{};

    /// A whole message; a text is valid UTF-8. The view is good until the return.
    std::function<void(std::string_view, websocket::opcode)> on_message{};

    /// Instead of `on_message`, for what decodes in place: the payload may be changed, and so may
    /// the byte behind its end, if that is restored.
    std::function<void(std::span<char>, websocket::opcode)> on_payload{};

    /// Once for each `on_open`. The code and reason are the server's;
    /// `websocket::close_code::abnormal` if it sent none, behind the `on_error` that tells why.
    std::function<void(websocket::close_code, std::string_view reason, bool will_reconnect)>
        on_close{};

    /// The state has changed: ahead of `on_open`, behind `on_close`.
    std::function<void(client_state)> on_state{};

    /// Why an attempt or a connection failed: an error of the system, of `errc`, or an HTTP status
    /// (see `http::status_category`). The client goes on by its `client_options::reconnect`; `stop`
    /// from here ends it.
    std::function<void(std::error_code)> on_error{};
};

/// What a client has counted.
struct client_stats {
    std::uint64_t connections = 0;  ///< upgrades that succeeded
    std::uint64_t failures = 0;     ///< attempts and connections that ended with an error
    std::uint64_t messages_in = 0;
    std::uint64_t ignored = 0;       ///< messages that came when the connection was closing
    std::uint64_t messages_out = 0;  ///< handed to the system
    std::uint64_t dropped = 0;       ///< taken by `send` and not sent
};

}  // namespace millrace
