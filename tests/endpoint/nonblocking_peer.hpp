#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

#include "nonblocking_socket.hpp"

namespace {

/// A WebSocket client, see `nonblocking_socket`. It answers pings and close frames.
class nonblocking_peer final : public nonblocking_socket {
public:
    struct settings {
        std::string target;
        std::string extra_headers{};
        const millrace::websocket::compression* deflate = nullptr;
        bool has_small_buffers = false;
    };

    nonblocking_peer(std::uint16_t port, settings how)
        : nonblocking_socket{port, how.has_small_buffers}, how_{std::move(how)} {
        out_ = millrace::websocket::make_upgrade_request("127.0.0.1:" + std::to_string(port),
                                                         how_.target, key, how_.extra_headers,
                                                         {.deflate = how_.deflate});
    }

    /// Called for each message.
    std::function<void(std::string_view)> on_message;

    void send(std::string_view text, std::size_t first_fragment_bytes = 0) {
        using millrace::websocket::append_masked_frame;
        std::string packed;
        auto* const with = protocol_.compression();
        if (with != nullptr && with->compress(text, packed)) {
            append_masked_frame(out_, opcode::text, packed, mask, true, true);
        } else if (first_fragment_bytes != 0 && first_fragment_bytes < text.size()) {
            append_masked_frame(out_, opcode::text, text.substr(0, first_fragment_bytes), mask,
                                false);
            append_masked_frame(out_, opcode::continuation, text.substr(first_fragment_bytes),
                                mask);
        } else {
            append_masked_frame(out_, opcode::text, text, mask);
        }
    }

    void ping() {
        millrace::websocket::append_masked_frame(out_, opcode::ping, {}, mask);
        awaits_pong_ = true;
    }

    [[nodiscard]] bool is_upgraded() const noexcept { return is_upgraded_; }
    [[nodiscard]] bool awaits_pong() const noexcept { return awaits_pong_; }
    /// Of the answer to its request; 0 as long as there is none.
    [[nodiscard]] int status() const noexcept { return status_; }
    /// Of the close frame that came.
    [[nodiscard]] std::optional<millrace::websocket::close_code> closed() const { return closed_; }
    /// What the server sent broke the protocol.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    using opcode = millrace::websocket::opcode;

    static constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
    static constexpr std::uint32_t mask = 0x12345678;

    struct receiver {
        nonblocking_peer& self;

        bool on_message(opcode, std::span<char> payload) {
            if (self.on_message) self.on_message({payload.data(), payload.size()});
            return true;
        }
        bool on_ping(std::string_view payload) { return answer(opcode::pong, payload); }
        bool on_pong(std::string_view) {
            self.awaits_pong_ = false;
            return true;
        }
        bool on_close(millrace::websocket::close_code code, std::string_view) {
            self.closed_ = code;
            return answer(opcode::close, millrace::websocket::close_payload(code));
        }

    private:
        bool answer(opcode op, std::string_view payload) {
            millrace::websocket::append_masked_frame(self.out_, op, payload, mask);
            return true;
        }
    };

    void parse() override {
        if (!is_upgraded_ && !upgrade()) return;
        receiver handler{*this};
        const auto result = protocol_.receive({in_.data(), in_.size()}, handler);
        if (result.error) error_ = result.error;
        in_.erase(0, result.consumed);
    }

    bool upgrade() {
        const auto end = in_.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        status_ = std::stoi(in_.substr(9, 3));
        if (status_ != 101) return false;
        auto answer = millrace::websocket::read_upgrade_response(in_.substr(0, end + 4), key,
                                                                 {.deflate = how_.deflate});
        error_ = answer.error;
        protocol_.use(std::move(answer.compression));
        in_.erase(0, end + 4);
        return is_upgraded_ = true;
    }

    settings how_;
    millrace::websocket::protocol<millrace::websocket::role::client> protocol_;
    std::optional<millrace::websocket::close_code> closed_;
    std::error_code error_;
    int status_ = 0;
    bool is_upgraded_ = false;
    bool awaits_pong_ = false;
};

}  // namespace
