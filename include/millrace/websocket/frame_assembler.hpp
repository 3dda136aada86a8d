#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <websocketpp/extensions/permessage_deflate/disabled.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/http/response.hpp>
#include <websocketpp/message_buffer/alloc.hpp>
#include <websocketpp/message_buffer/message.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/random/none.hpp>

#include <millrace/core/error.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>

namespace millrace::websocket::detail {

/// What websocketpp's hybi13 processor asks of its configuration. It receives only, so it never
/// draws a random number.
struct processor_config {
    struct deflate_config {};

    using request_type = websocketpp::http::parser::request;
    using response_type = websocketpp::http::parser::response;
    using message_type =
        websocketpp::message_buffer::message<websocketpp::message_buffer::alloc::con_msg_manager>;
    using con_msg_manager_type = websocketpp::message_buffer::alloc::con_msg_manager<message_type>;
    using rng_type = websocketpp::random::none::int_generator<std::uint32_t>;
    using permessage_deflate_type =
        websocketpp::extensions::permessage_deflate::disabled<deflate_config>;

    static constexpr std::size_t max_message_size = 0;
    static constexpr bool enable_extensions = false;
};

/// The slow lane: assembles messages out of frames that come in pieces, on websocketpp's processor.
///
/// The processor reserves what a frame's header declares, before a byte of it has come. It is
/// therefore shown a long frame as a run of fragments of at most `piece_bytes`.
template <role Receiver>
class frame_assembler {
public:
    static constexpr std::size_t piece_bytes = 16 * 1024;
    static_assert(piece_bytes % 4 == 0, "each piece must start in phase with the masking key");

    explicit frame_assembler(std::size_t max_message_bytes)
        : processor_(false, Receiver == role::server,
                     std::make_shared<processor_config::con_msg_manager_type>(), random_) {
        processor_.set_max_message_size(max_message_bytes);
    }

    frame_assembler(const frame_assembler&) = delete;
    frame_assembler& operator=(const frame_assembler&) = delete;

    /// Starts a frame whose header has been checked.
    std::error_code begin(const frame_header& header) {
        frame_ = header;
        left_ = header.payload_bytes;
        return begin_piece(header.op);
    }

    /// Takes up to `size` bytes of the frame's payload, which it changes. Returns how many.
    std::size_t feed(char* bytes, std::size_t size, std::error_code& error) {
        std::size_t taken = 0;
        while (!error && taken != size && left_ != 0) {
            const auto part = std::min<std::uint64_t>(size - taken, piece_left_);
            consume(bytes + taken, static_cast<std::size_t>(part), error);
            taken += static_cast<std::size_t>(part);
            left_ -= part;
            piece_left_ -= part;
            if (!error && piece_left_ == 0 && left_ != 0) error = begin_piece(opcode::continuation);
        }
        return taken;
    }

    /// True when the frame's whole payload has been taken.
    [[nodiscard]] bool frame_done() const noexcept { return left_ == 0; }

    using message_ptr = processor_config::message_type::ptr;

    /// The message that the last frame completed, or null.
    [[nodiscard]] message_ptr take_message() { return processor_.get_message(); }

private:
    std::error_code begin_piece(opcode op) {
        piece_left_ = std::min<std::uint64_t>(left_, piece_bytes);
        const bool fin = frame_.fin && piece_left_ == left_;
        char header[max_frame_header_bytes];
        const std::size_t size =
            Receiver == role::server
                ? write_masked_frame_header(header, op, piece_left_, frame_.mask, fin)
                : write_frame_header(header, op, piece_left_, fin);
        std::error_code error;
        consume(header, size, error);
        return error;
    }

    void consume(char* bytes, std::size_t size, std::error_code& error) {
        namespace reason = websocketpp::processor::error;
        websocketpp::lib::error_code code;
        processor_.consume(reinterpret_cast<std::uint8_t*>(bytes), size, code);
        if (!code) return;
        if (code == reason::make_error_code(reason::invalid_utf8))
            error = errc::invalid_utf8;
        else if (code == reason::make_error_code(reason::message_too_big))
            error = errc::message_too_big;
        else
            error = errc::protocol_error;
    }

    processor_config::rng_type random_;
    websocketpp::processor::hybi13<processor_config> processor_;
    frame_header frame_;
    std::uint64_t left_ = 0;
    std::uint64_t piece_left_ = 0;
};

}  // namespace millrace::websocket::detail
