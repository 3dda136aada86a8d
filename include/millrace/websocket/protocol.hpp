#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/error.hpp>
#include <millrace/core/utf8.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_assembler.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/mask.hpp>

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
    /// A longer message is refused with `errc::message_too_big` as soon as a header declares it.
    std::size_t max_message_bytes = 1024 * 1024;
    /// Frames in one message; more are refused with `errc::message_too_big`. It is what ends a run
    /// of empty fragments.
    std::size_t max_fragments = 64 * 1024;
    /// Size of the caller's receive buffer, at least 256. A frame that cannot fit in it takes the
    /// slow lane.
    std::size_t buffer_bytes = 64 * 1024;
};

struct receive_result {
    std::size_t consumed = 0;  ///< bytes done with; the caller keeps the rest for the next call
    std::error_code error;     ///< close the connection with `close_code_of(error)`
    bool stopped = false;      ///< a handler said to stop
};

/// The receiving side of RFC 6455 without I/O: bytes in, messages to a handler.
///
/// Two lanes: a whole unfragmented data frame is unmasked and checked where it lies and handed out
/// as a view, without a copy or an allocation. Fragments, control frames and frames larger than the
/// buffer are assembled by websocketpp's processor. Both give the same messages and errors.
///
/// Memory: under 100 bytes until the first frame in the slow lane, then under 1 KB and the message
/// being assembled, at most twice `max_message_bytes`.
template <role Role>
class protocol {
public:
    explicit protocol(protocol_options options = {}) : options_(options) {}

    /// Takes what is whole out of `bytes`, which it changes. The caller keeps the unconsumed tail,
    /// always less than `buffer_bytes`, in front of what it reads next.
    /// `bytes.data()[bytes.size()]` must be writable.
    ///
    /// Errors: `errc::protocol_error`, `errc::invalid_utf8`, `errc::message_too_big`. After one,
    /// every further call returns it and consumes nothing. After a close frame all bytes are
    /// consumed and ignored (section 5.5.1).
    template <frame_handler Handler>
    receive_result receive(std::span<char> bytes, Handler& handler) {
        char* at = bytes.data();
        char* const end = at + bytes.size();
        bool go_on = true;
        while (go_on && !error_ && !closed_) {
            if (frame_open_) {
                at += assembler_->feed(at, static_cast<std::size_t>(end - at), error_);
                if (error_ || !assembler_->frame_done()) break;
                frame_open_ = false;
                if (auto message = assembler_->take_message())
                    go_on = dispatch(static_cast<opcode>(message->get_opcode()),
                                     message->get_raw_payload(), handler);
                continue;
            }

            frame_header header;
            const auto available = static_cast<std::size_t>(end - at);
            const auto state = parse_frame_header<Role>(at, available, header);
            if (state == header_state::incomplete) break;
            error_ = state == header_state::invalid ? make_error_code(errc::protocol_error)
                                                    : check_order_and_limits(header);
            if (error_) break;

            if (takes_fast_lane(header)) {
                const auto size = static_cast<std::size_t>(header.payload_bytes);
                if (available < header.header_bytes + size) break;
                char* const payload = at + header.header_bytes;
                const bool valid = unmask_and_check(header, {payload, size});
                if (!valid) {
                    error_ = errc::invalid_utf8;
                    break;
                }
                at = payload + size;
                go_on = handler.on_message(header.op, std::span<char>{payload, size});
            } else {
                at += header.header_bytes;
                begin_slow(header);
            }
        }
        if (closed_) at = end;
        return {static_cast<std::size_t>(at - bytes.data()), error_, !go_on};
    }

    /// True once the peer's close frame has been received.
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }

private:
    [[nodiscard]] std::error_code check_order_and_limits(
        const frame_header& header) const noexcept {
        if (is_control(header.op)) return {};
        if (message_open_ != (header.op == opcode::continuation)) return errc::protocol_error;
        if (header.payload_bytes > options_.max_message_bytes - message_bytes_)
            return errc::message_too_big;
        if (fragments_ == options_.max_fragments) return errc::message_too_big;
        return {};
    }

    [[nodiscard]] bool takes_fast_lane(const frame_header& header) const noexcept {
        return header.fin && !message_open_ && !is_control(header.op) &&
               header.header_bytes + header.payload_bytes <= options_.buffer_bytes;
    }

    [[nodiscard]] static bool unmask_and_check(const frame_header& header,
                                               std::span<char> payload) noexcept {
        const bool is_text = header.op == opcode::text;
        if constexpr (Role == role::server) {
            const bool is_ascii = apply_mask(payload.data(), payload.size(), header.mask);
            if (is_ascii) return true;
        }
        return !is_text || is_valid_utf8({payload.data(), payload.size()});
    }

    void begin_slow(const frame_header& header) {
        if (!is_control(header.op)) {
            message_open_ = !header.fin;
            message_bytes_ = header.fin ? 0 : message_bytes_ + header.payload_bytes;
            fragments_ = header.fin ? 0 : fragments_ + 1;
        }
        if (!assembler_)
            assembler_ =
                std::make_unique<detail::frame_assembler<Role>>(options_.max_message_bytes);
        frame_open_ = true;
        error_ = assembler_->begin(header);
    }

    template <class Handler>
    bool dispatch(opcode op, std::string& payload, Handler& handler) {
        switch (op) {
            case opcode::ping: return handler.on_ping(std::string_view{payload});
            case opcode::pong: return handler.on_pong(std::string_view{payload});
            case opcode::close: return dispatch_close(payload, handler);
            default: break;
        }
        // The processor sees a character cut off at the end only in a message of one frame.
        if (op == opcode::text && !is_valid_utf8(payload)) {
            error_ = errc::invalid_utf8;
            return true;
        }
        payload.push_back('\0');
        return handler.on_message(op, std::span<char>{payload.data(), payload.size() - 1});
    }

    template <class Handler>
    bool dispatch_close(std::string_view payload, Handler& handler) {
        auto code = close_code::no_status;
        if (payload.size() == 1) {
            error_ = errc::protocol_error;
            return true;
        }
        if (!payload.empty()) {
            code = static_cast<close_code>(detail::load_big_endian<std::uint16_t>(payload.data()));
            payload.remove_prefix(2);
            if (!may_be_sent(code))
                error_ = errc::protocol_error;
            else if (!is_valid_utf8(payload))
                error_ = errc::invalid_utf8;
            if (error_) return true;
        }
        closed_ = true;
        return handler.on_close(code, payload);
    }

    protocol_options options_;
    std::unique_ptr<detail::frame_assembler<Role>> assembler_;
    std::error_code error_;
    std::size_t message_bytes_ = 0;
    std::size_t fragments_ = 0;
    bool message_open_ = false;
    bool frame_open_ = false;
    bool closed_ = false;
};

}  // namespace millrace::websocket
