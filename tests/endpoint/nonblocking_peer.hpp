#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

namespace {

/// A WebSocket client that never waits: `pump` does what can be done now, so that one thread has
/// many. It answers pings and close frames.
class nonblocking_peer {
public:
    struct settings {
        std::string target;
        std::string extra_headers{};
        const millrace::websocket::compression* deflate = nullptr;
        bool has_small_buffers = false;  ///< so that the server soon has to wait for it
    };

    nonblocking_peer(std::uint16_t port, settings how) : how_{std::move(how)}, socket_{io_} {
        socket_.open(asio::ip::tcp::v4());
        if (how_.has_small_buffers) {
            set(SOL_SOCKET, SO_RCVBUF, 4096);
            set(IPPROTO_TCP, TCP_MAXSEG, 536);
        }
        socket_.connect({asio::ip::address_v4::loopback(), port});
        socket_.set_option(asio::ip::tcp::no_delay{true});
        socket_.non_blocking(true);
        out_ = millrace::websocket::make_upgrade_request("127.0.0.1:" + std::to_string(port),
                                                         how_.target, key, how_.extra_headers,
                                                         {.deflate = how_.deflate});
    }

    /// Called for each message.
    std::function<void(std::string_view)> on_message;
    bool is_paused = false;  ///< reads nothing

    /// Sends and receives what it can at once. True if that was anything.
    bool pump() {
        if (is_ended_) return false;
        const bool has_written = write();
        return (!is_paused && read()) || has_written;
    }

    void send(std::string_view text, std::size_t first_fragment_bytes = 0) {
        using millrace::websocket::append_masked_frame, millrace::websocket::opcode;
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

    /// Ends it without a close frame; with a reset, the server may lose what it has not read.
    void kill(bool resets) {
        if (resets) socket_.set_option(asio::socket_base::linger{true, 0});
        socket_.close();
        is_ended_ = true;
    }

    [[nodiscard]] bool is_upgraded() const noexcept { return is_upgraded_; }
    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }
    [[nodiscard]] std::size_t unsent_bytes() const noexcept { return out_.size(); }
    [[nodiscard]] int status() const noexcept { return status_; }
    /// Of the close frame that came.
    [[nodiscard]] std::optional<millrace::websocket::close_code> closed() const { return closed_; }
    /// What the server sent broke the protocol.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    [[nodiscard]] int descriptor() { return is_ended_ ? -1 : socket_.native_handle(); }

private:
    static constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
    static constexpr std::uint32_t mask = 0x12345678;

    struct receiver {
        nonblocking_peer& self;

        bool on_message(millrace::websocket::opcode, std::span<char> payload) {
            if (self.on_message) self.on_message({payload.data(), payload.size()});
            return true;
        }
        bool on_ping(std::string_view payload) { return answer(opcode::pong, payload); }
        bool on_pong(std::string_view) { return true; }
        bool on_close(millrace::websocket::close_code code, std::string_view) {
            self.closed_ = code;
            return answer(opcode::close, millrace::websocket::close_payload(code));
        }

    private:
        using opcode = millrace::websocket::opcode;

        bool answer(opcode op, std::string_view payload) {
            millrace::websocket::append_masked_frame(self.out_, op, payload, mask);
            return true;
        }
    };

    void set(int level, int option, int value) {
        ::setsockopt(socket_.native_handle(), level, option, &value, sizeof value);
    }

    bool write() {
        if (out_.empty()) return false;
        std::error_code error;
        const std::size_t size = socket_.write_some(asio::buffer(out_), error);
        out_.erase(0, size);
        // What the server has sent before it closed is still to be read.
        if (error && error != asio::error::would_block) out_.clear();
        return size != 0;
    }

    bool read() {
        std::array<char, 16 * 1024> buffer;
        std::error_code error;
        const std::size_t size = socket_.read_some(asio::buffer(buffer), error);
        in_.append(buffer.data(), size);
        if (size != 0) parse();
        if (!error || error == asio::error::would_block) return size != 0;
        socket_.close();
        is_ended_ = true;
        return true;
    }

    void parse() {
        if (!is_upgraded_) {
            const auto end = in_.find("\r\n\r\n");
            if (end == std::string::npos) return;
            status_ = std::stoi(in_.substr(9, 3));
            if (status_ != 101) return;
            auto answer = millrace::websocket::read_upgrade_response(in_.substr(0, end + 4), key,
                                                                     {.deflate = how_.deflate});
            error_ = answer.error;
            protocol_.use(std::move(answer.compression));
            in_.erase(0, end + 4);
            is_upgraded_ = true;
        }
        receiver handler{*this};
        const auto result = protocol_.receive({in_.data(), in_.size()}, handler);
        if (result.error) error_ = result.error;
        in_.erase(0, result.consumed);
    }

    settings how_;
    asio::io_context io_;
    asio::ip::tcp::socket socket_;
    millrace::websocket::protocol<millrace::websocket::role::client> protocol_;
    std::string out_;
    std::string in_;
    std::optional<millrace::websocket::close_code> closed_;
    std::error_code error_;
    int status_ = 0;
    bool is_upgraded_ = false;
    bool is_ended_ = false;
};

}  // namespace
