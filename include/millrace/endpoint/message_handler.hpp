#pragma once

#include <concepts>
#include <string_view>

#include <millrace/endpoint/connection.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// A handler of messages in a format of the user's own: called as `f(connection&,
/// std::string_view)` for text and binary messages alike, or as `f(connection&, std::string_view,
/// websocket::opcode)`.
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
