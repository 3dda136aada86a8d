#pragma once

#include <millrace/websocket/detail/deflater.hpp>

namespace millrace::websocket::detail {

MILLRACE_INLINE deflate_stream make_deflate_stream(const deflate_settings& settings) {
    // zlib makes no raw stream for a window of 256 bytes; but in its window of 512 it keeps 262
    // free to look ahead, and so never refers back by more than 250.
    const int window_bits = std::max(settings.window_bits, 9);
    auto stream = std::make_unique<z_stream>();
    if (deflateInit2(stream.get(), settings.level, Z_DEFLATED, -window_bits, settings.memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc{};
    return deflate_stream{stream.release()};
}

MILLRACE_INLINE z_stream& shared_deflate_stream(const deflate_settings& settings) {
    thread_local std::map<deflate_settings, deflate_stream> streams;
    auto& stream = streams[settings];
    if (!stream) stream = make_deflate_stream(settings);
    deflateReset(stream.get());
    return *stream;
}

MILLRACE_INLINE bool deflater::deflate(std::string_view message, std::string& out) {
    if (message.empty() || message.size() > std::numeric_limits<uInt>::max()) return false;
    if (keeps_window_ && !own_) own_ = make_deflate_stream(settings_);
    z_stream& stream = own_ ? *own_ : shared_deflate_stream(settings_);
    const std::size_t start = out.size();
    char chunk[chunk_bytes];
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    stream.avail_in = static_cast<uInt>(message.size());
    do {
        stream.next_out = reinterpret_cast<Bytef*>(chunk);
        stream.avail_out = chunk_bytes;
        ::deflate(&stream, Z_SYNC_FLUSH);
        out.append(chunk, chunk_bytes - stream.avail_out);
    } while (stream.avail_out == 0);
    out.resize(out.size() - empty_block_bytes);
    if (keeps_window_ || out.size() - start < message.size()) return true;
    out.resize(start);
    return false;
}

MILLRACE_INLINE std::uint64_t deflater::shared_key() const noexcept {
    if (keeps_window_) return 0;
    return static_cast<std::uint64_t>(settings_.window_bits * 10000 + settings_.level * 100 +
                                      settings_.memory_level);
}

MILLRACE_INLINE std::size_t deflater::memory_bytes() const noexcept {
    if (!own_) return 0;
    return state_bytes + (std::size_t{1} << (std::max(settings_.window_bits, 9) + 2)) +
           (std::size_t{1} << (settings_.memory_level + 9));
}

}  // namespace millrace::websocket::detail
