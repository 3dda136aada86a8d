#pragma once

#include <cstddef>
#include <stdexcept>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::websocket {

/// How messages are compressed by permessage-deflate (RFC 7692). `client` and `server` are the two
/// ends of the connection; the same options can serve either.
///
/// Memory: without context takeover about 100 bytes a connection, and an inflater of up to 40 KB
/// while a compressed message arrives; what compresses is shared by a thread's connections. With
/// it a server keeps for each connection 2^(server_max_window_bits + 2) + 2^(memory_level + 9)
/// bytes and 6 KB to compress, by default 166 KB, and 2^client_max_window_bits bytes and 8 KB to
/// inflate; a client the reverse.
struct deflate_options {
    /// Without context takeover each message is compressed on its own: less dense, no memory held
    /// between messages, and the same compressed frame serves all subscribers of a topic.
    bool server_no_context_takeover = true;
    bool client_no_context_takeover = true;

    /// How far back the server's, and the client's, compressed bytes may refer: 2^8 to 2^15 bytes.
    int server_max_window_bits = 15;
    int client_max_window_bits = 15;

    /// A shorter message is sent as it is.
    std::size_t min_message_bytes = 64;

    /// A message that inflates to more than `max_ratio` times what came of it is refused, as one
    /// that is too long is, unless it is shorter than `unlimited_bytes`.
    std::size_t max_ratio = 200;
    std::size_t unlimited_bytes = 64 * 1024;

    int level = 3;         ///< 0 (none) to 9 (densest)
    int memory_level = 6;  ///< 1 (least memory) to 9 (fastest for messages of many KB)
};

/// Throws std::invalid_argument when a number is out of its range.
void check(const deflate_options& options);

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/deflate_options.ipp>
#endif
