#pragma once

#include <millrace/websocket/detail/inflater.hpp>

namespace millrace::websocket::detail {

MILLRACE_INLINE inflate_stream make_inflate_stream(int window_bits) {
    auto stream = std::make_unique<z_stream>();
    if (inflateInit2(stream.get(), -window_bits) != Z_OK) throw std::bad_alloc{};
    return inflate_stream{stream.release()};
}

MILLRACE_INLINE std::vector<inflate_stream>& idle_inflate_streams() {
    thread_local std::vector<inflate_stream> idle;
    return idle;
}

MILLRACE_INLINE errc inflater::inflate(std::string_view piece, bool is_last, std::size_t max_bytes,
                                       message_buffer& out) {
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

MILLRACE_INLINE std::size_t inflater::memory_bytes() const noexcept {
    if (!stream_) return 0;
    return state_bytes + (std::size_t{1} << (keeps_window_ ? window_bits_ : 15));
}

MILLRACE_INLINE inflate_stream inflater::take_stream() const {
    if (keeps_window_) return make_inflate_stream(window_bits_);
    auto& idle = idle_inflate_streams();
    if (idle.empty()) return make_inflate_stream(15);
    auto taken = std::move(idle.back());
    idle.pop_back();
    return taken;
}

MILLRACE_INLINE void inflater::put_back(inflate_stream stream) {
    auto& idle = idle_inflate_streams();
    if (idle.size() == max_idle_streams) return;
    inflateReset(stream.get());
    idle.push_back(std::move(stream));
}

MILLRACE_INLINE std::size_t inflater::most_by_ratio() const noexcept {
    const bool is_huge =
        message_bytes_ > std::numeric_limits<std::size_t>::max() / limits_.max_ratio;
    return is_huge ? std::numeric_limits<std::size_t>::max()
                   : std::max(limits_.unlimited_bytes, message_bytes_ * limits_.max_ratio);
}

MILLRACE_INLINE errc inflater::run(std::string_view piece, std::size_t most, message_buffer& out) {
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

}  // namespace millrace::websocket::detail
