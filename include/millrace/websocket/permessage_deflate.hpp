#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/deflate_offer.hpp>
#include <millrace/websocket/deflate_options.hpp>
#include <millrace/websocket/detail/deflater.hpp>
#include <millrace/websocket/detail/inflater.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/message_buffer.hpp>

namespace millrace::websocket {

namespace detail {

/// One connection's messages by RFC 7692, section 7.2, as its handshake agreed.
class deflate_compressor final : public compressor {
public:
    deflate_compressor(role own, const deflate_parameters& agreed, const deflate_options& options);

    errc restore(std::string_view piece, bool is_last, std::size_t max_bytes,
                 message_buffer& out) override {
        return inflater_.inflate(piece, is_last, max_bytes, out);
    }

    bool compress(std::string_view message, std::string& out) override {
        return message.size() >= min_message_bytes_ && deflater_.deflate(message, out);
    }

    [[nodiscard]] std::uint64_t shared_key() const noexcept override {
        return deflater_.shared_key();
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept override {
        return inflater_.memory_bytes() + deflater_.memory_bytes();
    }

private:
    /// A server's messages that stand on their own are compressed once for all whose windows are
    /// alike: where a client asks for less than the server has, with 12 or 9 bits, which whoever
    /// agreed to more can read.
    [[nodiscard]] static int bits(role own, const deflate_parameters& agreed,
                                  const deflate_options& options) noexcept;

    inflater inflater_;
    deflater deflater_;
    std::size_t min_message_bytes_;
};

}  // namespace detail

/// permessage-deflate (RFC 7692) by zlib, both roles. Needs the target `millrace::deflate`.
class permessage_deflate final : public compression {
public:
    /// Throws std::invalid_argument when an option is out of its range.
    explicit permessage_deflate(const deflate_options& options = {}) : options_{options} {
        check(options_);
    }

    [[nodiscard]] compression_agreement accept(std::string_view offers) const override {
        return agree(role::server, accept_deflate_offer(offers, options_));
    }

    [[nodiscard]] std::string offer() const override {
        return to_header(make_deflate_offer(options_));
    }

    [[nodiscard]] compression_agreement confirm(std::string_view answer) const override {
        return agree(role::client, confirm_deflate_answer(answer, make_deflate_offer(options_)));
    }

private:
    [[nodiscard]] compression_agreement agree(
        role own, const std::optional<deflate_parameters>& agreed) const;

    deflate_options options_;
};

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/permessage_deflate.ipp>
#endif
