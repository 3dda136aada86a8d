#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/testing/blocking_socket.hpp>
#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

namespace millrace::testing {

struct websocket_message {
    websocket::opcode op = websocket::opcode::text;
    std::string payload;  ///< the reason, for a close frame
    websocket::close_code code = websocket::close_code::no_status;
};

/// The server's answer to the upgrade was not 101, or a wrong one.
struct upgrade_refused : std::system_error {
    upgrade_refused(std::error_code error, std::string_view head)
        : std::system_error(error), response_head(head) {}

    std::string response_head;  ///< status line and headers
};

/// A blocking WebSocket client for tests and small tools: one thread, one connection, every call
/// bounded in time. It answers pings and close frames while it receives, and at no other time.
///
/// Masking keys come from std::random_device. Not meant for thousands of connections.
class websocket_client {
public:
    using duration = std::chrono::milliseconds;
    static constexpr duration default_timeout = std::chrono::seconds{10};
    static constexpr std::size_t max_waiting_messages = 64 * 1024;

    /// Connects and upgrades; `extra_headers` are lines that each end in CRLF. Throws
    /// `upgrade_refused` when the server says no, another std::system_error when it says nothing.
    websocket_client(std::string_view host, std::uint16_t port, std::string_view target = "/",
                     std::string_view extra_headers = {}, duration timeout = default_timeout)
        : timeout_(timeout), socket_(host, port, timeout), buffer_(buffer_bytes + 1) {
        const std::string key = random_key();
        const auto authority = std::string{host} + ":" + std::to_string(port);
        send_raw(websocket::make_upgrade_request(authority, target, key, extra_headers));
        read_upgrade(key);
    }

    void send_text(std::string_view payload) { send(websocket::opcode::text, payload); }
    void send_binary(std::string_view payload) { send(websocket::opcode::binary, payload); }
    void send_ping(std::string_view payload = {}) { send(websocket::opcode::ping, payload); }

    /// Sends one frame as told, right or wrong. Throws std::system_error, as all that send, when
    /// the connection is lost or the peer does not read in time.
    void send(websocket::opcode op, std::string_view payload, bool fin = true) {
        std::string frame;
        websocket::append_masked_frame(frame, op, payload, random_(), fin);
        send_raw(frame);
    }

    void send_raw(std::string_view bytes) { socket_.write(bytes, timeout_); }

    /// The next text, binary, pong or close frame's message; nothing when the time is over or the
    /// connection is closed and its last message taken. A connection that ends without a close
    /// frame gives a close message with `close_code::abnormal`. Throws std::system_error for bytes
    /// that break the protocol.
    std::optional<websocket_message> receive(duration timeout = default_timeout) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        while (inbox_.empty() && is_open_) {
            const auto left =
                std::chrono::ceil<duration>(deadline - std::chrono::steady_clock::now());
            if (!read(left)) return std::nullopt;
        }
        if (inbox_.empty()) return std::nullopt;
        auto message = std::move(inbox_.front());
        inbox_.pop_front();
        return message;
    }

    /// Sends a close frame and waits for the peer's, which `receive` then gives behind what came
    /// before it; of that, what exceeds `max_waiting_messages` is dropped.
    void close(websocket::close_code code = websocket::close_code::normal,
               std::string_view reason = {}) {
        if (!is_open_) return;
        close_sent_ = true;
        send(websocket::opcode::close, websocket::close_payload(code, reason));
        const auto deadline = std::chrono::steady_clock::now() + timeout_;
        while (is_open_ &&
               read(std::chrono::ceil<duration>(deadline - std::chrono::steady_clock::now())))
            continue;
        end();
    }

    /// Drops the connection without a close frame.
    void abandon() noexcept { end(); }

    /// False once the connection has ended, in either way.
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// With false, pings are counted and not answered.
    void answer_pings(bool yes) noexcept { answers_pings_ = yes; }
    [[nodiscard]] std::size_t pings_received() const noexcept { return pings_received_; }

    [[nodiscard]] blocking_socket& socket() noexcept { return socket_; }

private:
    static constexpr std::size_t buffer_bytes = 64 * 1024;
    static constexpr std::size_t max_message_bytes = 64 * 1024 * 1024;

    struct handler {
        websocket_client& client;

        bool on_message(websocket::opcode op, std::span<char> payload) {
            return client.keep(op, {payload.data(), payload.size()});
        }
        bool on_ping(std::string_view payload) {
            ++client.pings_received_;
            if (client.answers_pings_) client.answer(websocket::opcode::pong, payload);
            return client.is_open_;
        }
        bool on_pong(std::string_view payload) {
            return client.keep(websocket::opcode::pong, payload);
        }
        bool on_close(websocket::close_code code, std::string_view reason) {
            client.inbox_.push_back({websocket::opcode::close, std::string{reason}, code});
            if (!client.close_sent_)
                client.answer(websocket::opcode::close, websocket::close_payload(code));
            client.end();
            return false;
        }
    };

    /// False when the time is over.
    bool read(duration timeout) {
        if (std::exchange(came_with_upgrade_, false)) {
            process();
            return true;
        }
        const auto size =
            socket_.read_some(std::span{buffer_}.subspan(filled_, buffer_bytes - filled_), timeout);
        if (!size) return false;
        if (*size == 0) {
            inbox_.push_back({websocket::opcode::close, {}, websocket::close_code::abnormal});
            end();
            return true;
        }
        filled_ += *size;
        process();
        return true;
    }

    void process() {
        handler sink{*this};
        const auto result = protocol_.receive({buffer_.data(), filled_}, sink);
        std::memmove(buffer_.data(), buffer_.data() + result.consumed, filled_ - result.consumed);
        filled_ -= result.consumed;
        if (result.error) {
            end();
            throw std::system_error(result.error);
        }
    }

    bool keep(websocket::opcode op, std::string_view payload) {
        if (inbox_.size() < max_waiting_messages) inbox_.push_back({op, std::string{payload}, {}});
        return true;
    }

    /// The peer may drop the connection without waiting for an answer; what it sent before still
    /// counts.
    void answer(websocket::opcode op, std::string_view payload) {
        try {
            send(op, payload);
        } catch (const std::system_error&) {
            end();
        }
    }

    void end() noexcept {
        is_open_ = false;
        socket_.close();
    }

    std::string random_key() {
        std::array<unsigned char, 16> nonce;
        for (auto& byte : nonce) byte = static_cast<unsigned char>(random_() & 0xffu);
        return websocket::encode_key(nonce);
    }

    void read_upgrade(std::string_view key) {
        const auto deadline = std::chrono::steady_clock::now() + timeout_;
        for (;;) {
            const std::string_view bytes{buffer_.data(), filled_};
            if (const auto end = bytes.find("\r\n\r\n"); end != std::string_view::npos) {
                const auto head = bytes.substr(0, end + 4);
                if (const auto error = websocket::check_upgrade_response(head, key))
                    throw upgrade_refused(error, head);
                std::memmove(buffer_.data(), buffer_.data() + end + 4, filled_ - end - 4);
                filled_ -= end + 4;
                is_open_ = true;
                came_with_upgrade_ = filled_ != 0;
                return;
            }
            const auto left =
                std::chrono::ceil<duration>(deadline - std::chrono::steady_clock::now());
            const auto size = socket_.read_some(
                std::span{buffer_}.subspan(filled_, buffer_bytes - filled_), left);
            if (!size) throw std::system_error(make_error_code(errc::timed_out));
            if (*size == 0) throw std::system_error(make_error_code(errc::connection_lost));
            filled_ += *size;
        }
    }

    duration timeout_;
    std::random_device random_;
    blocking_socket socket_;
    websocket::protocol<websocket::role::client> protocol_{
        {.max_message_bytes = max_message_bytes}};
    std::vector<char> buffer_;
    std::size_t filled_ = 0;
    std::deque<websocket_message> inbox_;
    std::size_t pings_received_ = 0;
    bool is_open_ = false;
    bool came_with_upgrade_ = false;
    bool close_sent_ = false;
    bool answers_pings_ = true;
};

}  // namespace millrace::testing
