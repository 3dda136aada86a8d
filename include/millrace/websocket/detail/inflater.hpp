#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/websocket/message_buffer.hpp>

namespace millrace::websocket::detail {

struct inflate_end {
    void operator()(z_stream* stream) const noexcept {
        inflateEnd(stream);
        delete stream;
    }
};
using inflate_stream = std::unique_ptr<z_stream, inflate_end>;

/// Throws std::bad_alloc.
[[nodiscard]] inflate_stream make_inflate_stream(int window_bits);

/// A thread's inflaters that belong to no message at the moment.
[[nodiscard]] std::vector<inflate_stream>& idle_inflate_streams();

struct inflate_limits {
    std::size_t max_ratio;
    std::size_t unlimited_bytes;  ///< at which the ratio begins to count
};

/// Restores a peer's compressed messages, piece by piece (RFC 7692, section 7.2.2).
class inflater {
public:
    /// `keeps_window`: a message may refer to the messages before it.
    inflater(int window_bits, bool keeps_window, inflate_limits limits)
        : limits_{limits}, window_bits_{window_bits}, keeps_window_{keeps_window} {}

    /// See `compressor::restore`.
    errc inflate(std::string_view piece, bool is_last, std::size_t max_bytes, message_buffer& out);

    /// About: zlib's state and window.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    static constexpr std::size_t state_bytes = 8 * 1024;
    static constexpr std::size_t chunk_bytes = 16 * 1024;
    static constexpr std::size_t max_idle_streams = 16;
    static constexpr int at_block_end = 128;  ///< and no bit left: see inflate() in zlib.h

    [[nodiscard]] inflate_stream take_stream() const;

    static void put_back(inflate_stream stream);

    [[nodiscard]] std::size_t most_by_ratio() const noexcept;

    errc run(std::string_view piece, std::size_t most, message_buffer& out);

    inflate_stream stream_;
    std::size_t message_bytes_ = 0;  ///< of the message so far, as received
    inflate_limits limits_;
    int window_bits_;
    bool keeps_window_;
};

}  // namespace millrace::websocket::detail

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/detail/inflater.ipp>
#endif
