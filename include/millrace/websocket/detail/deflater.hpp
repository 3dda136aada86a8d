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

#include <millrace/core/detail/compiled.hpp>

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
[[nodiscard]] deflate_stream make_deflate_stream(const deflate_settings& settings);

/// The stream that a thread's connections share for messages that stand on their own.
[[nodiscard]] z_stream& shared_deflate_stream(const deflate_settings& settings);

/// Compresses whole messages (RFC 7692, section 7.2.1).
class deflater {
public:
    /// `keeps_window`: a message may refer to the messages before it.
    deflater(const deflate_settings& settings, bool keeps_window)
        : settings_{settings}, keeps_window_{keeps_window} {}

    /// See `compressor::compress`.
    bool deflate(std::string_view message, std::string& out);

    /// See `compressor::shared_key`.
    [[nodiscard]] std::uint64_t shared_key() const noexcept;

    /// About: what zconf.h says of a stream, if it has one of its own.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    static constexpr std::size_t state_bytes = 6 * 1024;
    static constexpr std::size_t chunk_bytes = 16 * 1024;
    static constexpr std::size_t empty_block_bytes = 4;  ///< 00 00 ff ff, behind each flush

    deflate_settings settings_;
    bool keeps_window_;
    deflate_stream own_;
};

}  // namespace millrace::websocket::detail

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/detail/deflater.ipp>
#endif
