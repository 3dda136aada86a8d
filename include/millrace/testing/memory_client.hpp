#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <millrace/testing/websocket_client.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

namespace millrace::testing {

/// A client of an endpoint on the memory transport. Each call runs the io_context until nothing is
/// left to do, so that what it causes has happened when it returns. It answers nothing by itself.
class memory_client {
public:
    memory_client(asio::io_context& io, memory& wire, const memory_stream_options& options = {})
        : io_{io}, stream_{wire.connect(options)} {
        run();
    }

    /// Asks for a WebSocket, and for `deflate` if it is given. True if the server agrees. Whole
    /// messages are then sent compressed, if the server agreed to that as well.
    bool upgrade(std::string_view target, std::string_view extra_headers = {},
                 const websocket::compression* deflate = nullptr) {
        constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
        const websocket::upgrade_offer offer{.deflate = deflate};
        send_raw(websocket::make_upgrade_request("memory", target, key, extra_headers, offer));
        const auto end = bytes_.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        auto answer = websocket::read_upgrade_response(bytes_.substr(0, end + 4), key, offer);
        if (answer.error) return false;
        protocol_.use(std::move(answer.compression));
        bytes_.erase(0, end + 4);
        is_upgraded_ = true;
        parse();
        return true;
    }

    [[nodiscard]] bool is_compressed() const noexcept { return protocol_.compression() != nullptr; }

    /// The response, or responses, to an HTTP request; head and body as they came.
    std::string get(std::string_view target, std::string_view extra_headers = {}) {
        std::string request{"GET "};
        request.append(target).append(" HTTP/1.1\r\nHost: memory\r\n");
        send_raw(request.append(extra_headers).append("\r\n"));
        return take_raw();
    }

    void send_text(std::string_view payload) { send(websocket::opcode::text, payload); }
    void send_binary(std::string_view payload) { send(websocket::opcode::binary, payload); }

    /// One frame, right or wrong.
    void send(websocket::opcode op, std::string_view payload, bool fin = true) {
        std::string frame, packed;
        const bool is_packed = is_compressed() && fin && !websocket::is_control(op) &&
                               protocol_.compression()->compress(payload, packed);
        websocket::append_masked_frame(frame, op, is_packed ? packed : payload, 0x12345678, fin,
                                       is_packed);
        send_raw(frame);
    }

    void send_close(websocket::close_code code = websocket::close_code::normal) {
        send(websocket::opcode::close, websocket::close_payload(code));
    }

    /// Sends all, as the server takes it, or until the server has closed.
    void send_raw(std::string_view bytes) {
        while (!bytes.empty() && !is_ended_) {
            std::error_code error;
            const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
            bytes.remove_prefix(stream_.write_some(parts, error));
            if (error && error != asio::error::would_block) is_ended_ = true;
            run();
        }
        run();
    }

    /// The next frame that came, of any kind.
    [[nodiscard]] std::optional<websocket_message> next() {
        run();
        if (inbox_.empty()) return std::nullopt;
        auto message = std::move(inbox_.front());
        inbox_.pop_front();
        return message;
    }

    /// The payload of the next frame; empty if none came.
    [[nodiscard]] std::string next_text() {
        auto message = next();
        return message ? std::move(message->payload) : std::string{};
    }

    /// Bytes that came outside of a WebSocket.
    [[nodiscard]] std::string take_raw() {
        run();
        return std::exchange(bytes_, {});
    }

    /// While true, nothing is read: the server's output piles up.
    void stall(bool yes = true) {
        is_stalled_ = yes;
        run();
    }

    /// True once the server has ended the stream.
    [[nodiscard]] bool is_ended() {
        run();
        return is_ended_;
    }

    /// The error that the server's bytes made, if they broke the protocol.
    [[nodiscard]] std::error_code protocol_error() const noexcept { return protocol_error_; }

    void shutdown() {
        stream_.shutdown();
        run();
    }
    void close() {
        stream_.close();
        run();
    }

    [[nodiscard]] memory_stream& stream() noexcept { return stream_; }

    /// Runs what is ready, and reads what came.
    void run() {
        do {
            io_.restart();
            io_.poll();
        } while (read());
    }

private:
    struct receiver {
        std::deque<websocket_message>& inbox;

        bool add(websocket::opcode op, std::string_view payload) {
            inbox.push_back({op, std::string{payload}});
            return true;
        }
        bool on_message(websocket::opcode op, std::span<char> payload) {
            return add(op, {payload.data(), payload.size()});
        }
        bool on_ping(std::string_view payload) { return add(websocket::opcode::ping, payload); }
        bool on_pong(std::string_view payload) { return add(websocket::opcode::pong, payload); }
        bool on_close(websocket::close_code code, std::string_view reason) {
            inbox.push_back({websocket::opcode::close, std::string{reason}, code});
            return true;
        }
    };

    /// True if something was read.
    bool read() {
        if (is_stalled_ || is_ended_ || !stream_.is_open()) return false;
        std::array<char, 16 * 1024> buffer;
        std::error_code error;
        const std::size_t size = stream_.read_some(buffer, error);
        if (error && error != asio::error::would_block) is_ended_ = true;
        bytes_.append(buffer.data(), size);
        parse();
        return size != 0;
    }

    void parse() {
        if (!is_upgraded_) return;
        receiver handler{inbox_};
        const auto result = protocol_.receive({bytes_.data(), bytes_.size()}, handler);
        if (result.error) protocol_error_ = result.error;
        bytes_.erase(0, result.consumed);
    }

    asio::io_context& io_;
    memory_stream stream_;
    websocket::protocol<websocket::role::client> protocol_{{.max_message_bytes = SIZE_MAX / 2}};
    std::string bytes_;
    std::deque<websocket_message> inbox_;
    std::error_code protocol_error_;
    bool is_upgraded_ = false;
    bool is_ended_ = false;
    bool is_stalled_ = false;
};

}  // namespace millrace::testing
