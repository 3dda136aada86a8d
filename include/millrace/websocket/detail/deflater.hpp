#pragma once

#include <zlib.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace millrace::websocket::detail {

struct deflate_settings {
    int window_bits;
    int level;
    int memory_level;
    auto operator<=>(const deflate_settings&) const = default;
};

struct deflate_end {
    void operator()(z_stream* stream) const noexcept {
        deflateEnd(stream);
        delete stream;
    }
};
using deflate_stream = std::unique_ptr<z_stream, deflate_end>;

/// Throws std::bad_alloc.
[[nodiscard]] inline deflate_stream make_deflate_stream(const deflate_settings& settings) {
    // zlib makes no raw stream for a window of 256 bytes; but in its window of 512 it keeps 262
    // free to look ahead, and so never refers back by more than 250.
    const int window_bits = std::max(settings.window_bits, 9);
    auto stream = std::make_unique<z_stream>();
    if (deflateInit2(stream.get(), settings.level, Z_DEFLATED, -window_bits, settings.memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc{};
    return deflate_stream{stream.release()};
}

/// The stream that a thread's connections share for messages that stand on their own.
[[nodiscard]] inline z_stream& shared_deflate_stream(const deflate_settings& settings) {
    thread_local std::map<deflate_settings, deflate_stream> streams;
    auto& stream = streams[settings];
    if (!stream) stream = make_deflate_stream(settings);
    deflateReset(stream.get());
    return *stream;
}

/// Compresses whole messages (RFC 7692, section 7.2.1).
class deflater {
public:
    /// `keeps_window`: a message may refer to the messages before it.
    deflater(const deflate_settings& settings, bool keeps_window)
        : settings_{settings}, keeps_window_{keeps_window} {}

    /// See `compressor::compress`.
    bool deflate(std::string_view message, std::string& out) {
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

    /// See `compressor::shared_key`.
    [[nodiscard]] std::uint64_t shared_key() const noexcept {
        if (keeps_window_) return 0;
        return static_cast<std::uint64_t>(settings_.window_bits * 10000 + settings_.level * 100 +
                                          settings_.memory_level);
    }

    /// About: what zconf.h says of a stream, if it has one of its own.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        if (!own_) return 0;
        return state_bytes + (std::size_t{1} << (std::max(settings_.window_bits, 9) + 2)) +
               (std::size_t{1} << (settings_.memory_level + 9));
    }

private:
    static constexpr std::size_t state_bytes = 6 * 1024;
    static constexpr std::size_t chunk_bytes = 16 * 1024;
    static constexpr std::size_t empty_block_bytes = 4;  ///< 00 00 ff ff, behind each flush

    deflate_settings settings_;
    bool keeps_window_;
    deflate_stream own_;
};

}  // namespace millrace::websocket::detail
