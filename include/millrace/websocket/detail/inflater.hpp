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
[[nodiscard]] inline inflate_stream make_inflate_stream(int window_bits) {
    auto stream = std::make_unique<z_stream>();
    if (inflateInit2(stream.get(), -window_bits) != Z_OK) throw std::bad_alloc{};
    return inflate_stream{stream.release()};
}

/// A thread's inflaters that belong to no message at the moment.
[[nodiscard]] inline std::vector<inflate_stream>& idle_inflate_streams() {
    thread_local std::vector<inflate_stream> idle;
    return idle;
}

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
    errc inflate(std::string_view piece, bool is_last, std::size_t max_bytes, message_buffer& out) {
        if (!stream_) stream_ = take_stream();
        message_bytes_ += piece.size();
        const std::size_t most = std::min(max_bytes, most_by_ratio());
        if (const errc error = run(piece, most, out); error != errc{} || !is_last) return error;

        // What the sender left out ends the message at a block's end, and on a byte.
        if (const errc error = run({"\0\0\xff\xff", 4}, most, out); error != errc{}) return error;
        if (stream_->data_type != at_block_end) return errc::protocol_error;
        message_bytes_ = 0;
        if (!keeps_window_) put_back(std::move(stream_));
        return {};
    }

    /// About: zlib's state and window.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        if (!stream_) return 0;
        return state_bytes + (std::size_t{1} << (keeps_window_ ? window_bits_ : 15));
    }

private:
    static constexpr std::size_t state_bytes = 8 * 1024;
    static constexpr std::size_t chunk_bytes = 16 * 1024;
    static constexpr std::size_t max_idle_streams = 16;
    static constexpr int at_block_end = 128;  ///< and no bit left: see inflate() in zlib.h

    [[nodiscard]] inflate_stream take_stream() const {
        if (keeps_window_) return make_inflate_stream(window_bits_);
        auto& idle = idle_inflate_streams();
        if (idle.empty()) return make_inflate_stream(15);
        auto taken = std::move(idle.back());
        idle.pop_back();
        return taken;
    }

    static void put_back(inflate_stream stream) {
        auto& idle = idle_inflate_streams();
        if (idle.size() == max_idle_streams) return;
        inflateReset(stream.get());
        idle.push_back(std::move(stream));
    }

    [[nodiscard]] std::size_t most_by_ratio() const noexcept {
        const bool is_huge =
            message_bytes_ > std::numeric_limits<std::size_t>::max() / limits_.max_ratio;
        return is_huge ? std::numeric_limits<std::size_t>::max()
                       : std::max(limits_.unlimited_bytes, message_bytes_ * limits_.max_ratio);
    }

    errc run(std::string_view piece, std::size_t most, message_buffer& out) {
        char chunk[chunk_bytes];
        stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
        stream_->avail_in = static_cast<uInt>(piece.size());
        do {
            const std::size_t room = std::min(chunk_bytes, most - out.size() + 1);
            stream_->next_out = reinterpret_cast<Bytef*>(chunk);
            stream_->avail_out = static_cast<uInt>(room);
            const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
            out.append({chunk, room - stream_->avail_out});
            if (out.size() > most) return errc::message_too_big;
            // A final block ends no message (section 7.2.3.5); inflateReset would drop the window.
            if (result == Z_STREAM_END)
                inflateResetKeep(stream_.get());
            else if (result == Z_MEM_ERROR)
                throw std::bad_alloc{};
            else if (result != Z_OK && result != Z_BUF_ERROR)
                return errc::protocol_error;
        } while (stream_->avail_in != 0 || stream_->avail_out == 0);
        return {};
    }

    inflate_stream stream_;
    std::size_t message_bytes_ = 0;  ///< of the message so far, as received
    inflate_limits limits_;
    int window_bits_;
    bool keeps_window_;
};

}  // namespace millrace::websocket::detail
