#pragma once

#include <concepts>
#include <string_view>

#include <millrace/endpoint/connection.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// A handler of messages in a format of the user's own: called as `f(connection&,
/// std::string_view)` for text and binary messages alike, or as `f(connection&, std::string_view,
/// websocket::opcode)`. It may also have
///
/// | member                      | meaning                                                       |
/// |-----------------------------|---------------------------------------------------------------|
/// | `std::error_code admit(`    | before the upgrade, when nothing can be sent yet; an error is |
/// | ` const connection&)`       | the answer's status (see `http::status_of`)                   |
/// | `void on_open(connection&)` | before the first message                                      |
/// | `void on_drain(`            | less waits to be sent than                                    |
/// | ` connection&)`             | `endpoint_options::outbox_low_water`, after more than the high|
/// | `void on_close(`            | once for each `on_open`, whatever ended the connection        |
/// | ` connection&)`             |                                                               |
/// | `subprotocols()`            | what it speaks, a `std::span<const std::string_view>` that    |
/// |                             | lives as long as it; the client's first among them is chosen  |
///
/// An exception out of `admit` is answered with 500, out of any other it closes the connection with
/// 1011; it is counted.
template <class Handler>
concept message_handler = std::invocable<Handler&, connection&, std::string_view> ||
    std::invocable<Handler&, connection&, std::string_view, websocket::opcode>;

/// Stops the compiler when `Handler` is no message handler.
template <class Handler>
consteval void require_message_handler() {
    static_assert(message_handler<Handler>,
                  "on_message needs: a handler that is called as void(connection&, "
                  "std::string_view message) (see millrace/endpoint/message_handler.hpp)");
}

}  // namespace millrace
