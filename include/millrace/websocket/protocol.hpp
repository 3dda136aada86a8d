#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/core/utf8.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/mask.hpp>
#include <millrace/websocket/message_assembler.hpp>

namespace millrace::websocket {

/// Receives what `protocol` takes out of the bytes. Each function returns true to go on and false
/// to stop at once, to pause or because the connection closes.
///
/// `on_message(opcode, std::span<char>)` gets a whole message, `opcode::text` (valid UTF-8) or
/// `opcode::binary`. The payload may be changed; the byte behind it,
/// `payload.data()[payload.size()]`, may be too, if it is restored before the return. Nothing
/// outlives the call.
template <class Handler>
concept frame_handler = requires(Handler& handler, opcode op, std::span<char> payload,
                                 std::string_view text, close_code code) {
    { handler.on_message(op, payload) } -> std::convertible_to<bool>;
    { handler.on_ping(text) } -> std::convertible_to<bool>;
    { handler.on_pong(text) } -> std::convertible_to<bool>;
    { handler.on_close(code, text) } -> std::convertible_to<bool>;
};

struct protocol_options {
    /// A longer message is refused with `errc::message_too_big`: as soon as a header declares it,
    /// and as soon as it inflates to more.
    std::size_t max_message_bytes = 1024 * 1024;
    /// Empty fragments in a row of one message; more are refused with `errc::message_too_big`.
    /// Those that carry data are bounded by the message's size.
    std::size_t max_empty_fragments = 1024;
};

struct receive_result {
    std::size_t consumed = 0;  ///< bytes done with; the caller keeps the rest for the next call
    std::error_code error;     ///< close the connection with `close_code_of(error)`
    bool stopped = false;      ///< a handler said to stop
};

/// The receiving side of RFC 6455 without I/O: bytes in, messages to a handler.
///
/// Two lanes: a whole unfragmented data frame is unmasked and checked where it lies and handed out
/// as a view, without a copy or an allocation. Fragments, compressed frames, and data frames of
/// which only a part has come, are gathered by `detail::message_assembler`. Both give the same
/// messages and errors, and text that cannot become valid is refused at its first such byte.
///
/// Memory: under 100 bytes; while a message is in the slow lane under 200 more and the message, at
/// most twice `max_message_bytes`. A compressor has its own.
template <role Role>
class protocol {
public:
    /// What `receive` leaves unconsumed is always shorter: a header, or a control frame.
    static constexpr std::size_t max_unconsumed_bytes =
        max_frame_header_bytes + max_control_payload_bytes;

    explicit protocol(protocol_options options = {}) : options_(options) {}

    /// Of messages from now on: see `protocol_options::max_message_bytes`.
    void limit_messages(std::size_t max_bytes) noexcept { options_.max_message_bytes = max_bytes; }

    /// Lets the peer's messages be compressed, as the handshake agreed. Null: none may be.
    void use(std::unique_ptr<compressor> agreed) noexcept { compressor_ = std::move(agreed); }

    /// What to compress messages to the peer with; null for nothing.
    [[nodiscard]] compressor* compression() const noexcept { return compressor_.get(); }

    /// Takes what it can out of `bytes`, which it changes. The caller keeps the unconsumed tail in
    /// front of what it reads next. `bytes.data()[bytes.size()]` must be writable.
    ///
    /// Errors: `errc::protocol_error`, `errc::invalid_utf8`, `errc::message_too_big`. After one,
    /// every further call returns it and consumes nothing. After a close frame all bytes are
    /// consumed and ignored (section 5.5.1).
    template <frame_handler Handler>
    receive_result receive(std::span<char> bytes, Handler& handler) {
        auto rest = bytes;
        bool go_on = true;
        while (go_on && error_ == errc{} && !closed_) {
            if (assembler_ && !assembler_->is_frame_done()) {
                if (!feed_slow_lane(rest, handler, go_on)) break;
                continue;
            }
            frame_header header;
            const auto state =
                parse_frame_header<Role>(rest.data(), rest.size(), header, compressor_ != nullptr);
            if (state == header_state::incomplete) break;
            if (state == header_state::invalid) {
                error_ = errc::protocol_error;
                break;
            }

            const auto behind = rest.subspan(header.header_bytes);
            if (takes_fast_lane(header, behind.size())) {
                const auto payload = take_payload(header, behind, rest);
                go_on = take_message(header, payload, handler);
                continue;
            }
            error_ = check_order_and_limits(header);
            if (error_ != errc{}) break;
            if (is_control(header.op)) {
                if (behind.size() < header.payload_bytes) break;
                const auto payload = take_payload(header, behind, rest);
                go_on = take_control_frame(header, payload, handler);
                continue;
            }
            if (!assembler_)
                assembler_ = std::make_unique<detail::message_assembler>(
                    compressor_.get(), options_.max_message_bytes);
            assembler_->begin(header);
            rest = behind;
            if (!feed_slow_lane(rest, handler, go_on)) break;
        }
        if (closed_) rest = {};
        const auto error = error_ == errc{} ? std::error_code{} : make_error_code(error_);
        return {bytes.size() - rest.size(), error, !go_on};
    }

    /// True once the peer's close frame has been received.
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }

    /// A message has begun, and its end has not come.
    [[nodiscard]] bool has_partial_message() const noexcept { return assembler_ != nullptr; }

    /// What it holds at the moment of messages and for compression.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return (assembler_ ? assembler_->memory_bytes() : 0) +
               (compressor_ ? compressor_->memory_bytes() : 0);
    }

private:
    [[nodiscard]] errc check_order_and_limits(const frame_header& header) const noexcept {
        if (is_control(header.op)) return {};
        if ((assembler_ != nullptr) != (header.op == opcode::continuation))
            return errc::protocol_error;
        const std::size_t so_far = assembler_ ? assembler_->received_bytes() : 0;
        const std::size_t empty_so_far = assembler_ ? assembler_->empty_frames() : 0;
        const bool is_one_too_many =
            header.payload_bytes == 0 && empty_so_far == options_.max_empty_fragments;
        const bool is_too_long = header.payload_bytes > options_.max_message_bytes - so_far;
        return is_too_long || is_one_too_many ? errc::message_too_big : errc{};
    }

    [[nodiscard]] bool takes_fast_lane(const frame_header& header,
                                       std::size_t available) const noexcept {
        const bool is_message = header.op == opcode::text || header.op == opcode::binary;
        return is_message && header.fin && !header.is_compressed && !assembler_ &&
               header.payload_bytes <= std::min(available, options_.max_message_bytes);
    }

    [[nodiscard]] static std::span<char> take_payload(const frame_header& header,
                                                      std::span<char> behind,
                                                      std::span<char>& rest) noexcept {
        const auto size = static_cast<std::size_t>(header.payload_bytes);
        rest = behind.subspan(size);
        return behind.first(size);
    }

    static bool unmask(const frame_header& header, std::span<char> payload) noexcept {
        if constexpr (Role == role::server)
            return apply_mask(payload.data(), payload.size(), header.mask);
        return false;
    }

    template <class Handler>
    bool take_message(const frame_header& header, std::span<char> payload, Handler& handler) {
        const bool is_ascii = unmask(header, payload);
        if (!is_ascii && header.op == opcode::text &&
            !is_valid_utf8({payload.data(), payload.size()})) {
            error_ = errc::invalid_utf8;
            return true;
        }
        return handler.on_message(header.op, payload);
    }

    /// False when the frame needs more bytes, or is in error.
    template <class Handler>
    bool feed_slow_lane(std::span<char>& rest, Handler& handler, bool& go_on) {
        rest = rest.subspan(assembler_->feed(rest, error_));
        if (error_ != errc{} || !assembler_->is_frame_done()) return false;
        if (assembler_->is_message_done()) {
            const auto done = std::move(assembler_);
            go_on = handler.on_message(done->op(), done->message());
        }
        return true;
    }

    template <class Handler>
    bool take_control_frame(const frame_header& header, std::span<char> payload, Handler& handler) {
        unmask(header, payload);
        const std::string_view text{payload.data(), payload.size()};
        if (header.op == opcode::ping) return handler.on_ping(text);
        if (header.op == opcode::pong) return handler.on_pong(text);
        return take_close_frame(text, handler);
    }

    template <class Handler>
    bool take_close_frame(std::string_view payload, Handler& handler) {
        auto code = close_code::no_status;
        if (payload.size() == 1) error_ = errc::protocol_error;
        if (payload.size() >= 2) {
            code = static_cast<close_code>(detail::load_big_endian<std::uint16_t>(payload.data()));
            payload.remove_prefix(2);
            if (!may_be_sent(code))
                error_ = errc::protocol_error;
            else if (!is_valid_utf8(payload))
                error_ = errc::invalid_utf8;
        }
        if (error_ != errc{}) return true;
        closed_ = true;
        return handler.on_close(code, payload);
    }

    protocol_options options_;
    std::unique_ptr<compressor> compressor_;
    /// While a message is in the slow lane.
    std::unique_ptr<detail::message_assembler> assembler_;
    errc error_{};
    bool closed_ = false;
};

}  // namespace millrace::websocket
