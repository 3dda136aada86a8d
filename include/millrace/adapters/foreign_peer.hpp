#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// What millrace asks of another server's connection. `wake` may be called from any thread, and has
/// `foreign_connection::on_wake` called in the connection's own, soon or at once; all else is
/// called there, and nothing of it may call the connection before it returns.
///
/// | member                    | meaning                                                         |
/// |---------------------------|-----------------------------------------------------------------|
/// | `wake()`                  | see above                                                       |
/// | `buffered_bytes()`        | of messages that the server was given and has not sent          |
/// | `send(text)`              | a text message, a `std::shared_ptr<const std::string>`          |
/// | `wait_for_room()`         | has `on_wake` called when `buffered_bytes` may have become less |
/// | `pause()`, `resume()`     | take nothing out of the socket; go on                           |
/// | `close(code, reason)`     | sends a close frame                                             |
/// | `owner()`                 | a `std::shared_ptr<void>` that keeps it while it is not read    |
template <class P>
concept foreign_peer = requires(P& peer, std::shared_ptr<const std::string> text) {
    peer.wake();
    { peer.buffered_bytes() } -> std::convertible_to<std::size_t>;
    peer.send(std::move(text));
    peer.wait_for_room();
    peer.pause();
    peer.resume();
    peer.close(std::uint16_t{}, std::string_view{});
    { peer.owner() } -> std::convertible_to<std::shared_ptr<void>>;
};

}  // namespace millrace
