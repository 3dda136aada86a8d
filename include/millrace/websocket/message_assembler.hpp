#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <millrace/core/error.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/mask.hpp>
#include <millrace/websocket/message_buffer.hpp>
#include <millrace/websocket/utf8_stream.hpp>

namespace millrace::websocket::detail {

/// The slow lane: gathers one message out of frames that come in pieces, restores it when it is
/// compressed, and checks its text as it grows.
class message_assembler {
public:
    /// `codec` may be null when no frame is compressed.
    message_assembler(compressor* codec, std::size_t max_bytes)
        : codec_{codec}, max_bytes_{max_bytes} {}

    /// Starts the message's next frame, whose header has been checked.
    void begin(const frame_header& header) {
        if (header.op != opcode::continuation) {
            op_ = header.op;
            is_compressed_ = header.is_compressed;
        }
        empty_frames_ = header.payload_bytes == 0 ? empty_frames_ + 1 : 0;
        frame_ = header;
        received_bytes_ += static_cast<std::size_t>(header.payload_bytes);
        // What is declared need not come: memory is taken as it does.
        if (!is_compressed_)
            message_.reserve(std::min(received_bytes_, message_.size() + max_reserved_bytes) + 1);
    }

    /// Takes the frame's next bytes off the front of `bytes`, which it changes. Returns how many.
    std::size_t feed(std::span<char> bytes, errc& error) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), frame_.payload_bytes));
        if (frame_.mask != 0) apply_mask(bytes.data(), size, frame_.mask);
        frame_.mask = turn_mask(frame_.mask, size);
        frame_.payload_bytes -= size;
        error = append({bytes.data(), size});
        return size;
    }

    /// True when the frame's whole payload has been taken.
    [[nodiscard]] bool is_frame_done() const noexcept { return frame_.payload_bytes == 0; }
    [[nodiscard]] bool is_message_done() const noexcept { return is_frame_done() && frame_.fin; }

    /// How many of the last frames, in a row, are empty.
    [[nodiscard]] std::size_t empty_frames() const noexcept { return empty_frames_; }

    /// Of all frames so far, as declared.
    [[nodiscard]] std::size_t received_bytes() const noexcept { return received_bytes_; }

    [[nodiscard]] opcode op() const noexcept { return op_; }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return message_.capacity(); }

    /// The message, with a writable byte behind its end.
    [[nodiscard]] std::span<char> message() {
        message_.append({"", 1});
        return {message_.data(), message_.size() - 1};
    }

private:
    static constexpr std::size_t max_reserved_bytes = 16 * 1024;

    errc append(std::string_view piece) {
        const std::size_t checked = message_.size();
        errc error{};
        if (is_compressed_)
            error = codec_->restore(piece, is_message_done(), max_bytes_, message_);
        else
            message_.append(piece);
        if (op_ != opcode::text) return error;
        // What came before the error comes first, however the message is cut.
        if (!text_.feed(message_.view().substr(checked))) return errc::invalid_utf8;
        if (error != errc{} || !is_message_done() || text_.is_complete()) return error;
        return errc::invalid_utf8;
    }

    compressor* codec_;
    std::size_t max_bytes_;
    message_buffer message_;
    utf8_stream text_;
    frame_header frame_;
    std::size_t received_bytes_ = 0;
    std::size_t empty_frames_ = 0;
    opcode op_ = opcode::binary;
    bool is_compressed_ = false;
};

}  // namespace millrace::websocket::detail
