#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "frames.hpp"

namespace load {

[[noreturn]] inline void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A WebSocket client that writes what it is given and counts what it receives.
class client {
public:
    client(std::uint16_t port, const std::string& path)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (socket_ < 0) fail("socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            fail("connect");
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        write("GET " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n");
        std::size_t end;
        while ((end = rest_.find("\r\n\r\n")) == std::string::npos) rest_ += read(0);
        if (!rest_.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("no upgrade: " + rest_);
        rest_.erase(0, end + 4);
    }

    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client() { ::close(socket_); }

    [[nodiscard]] int descriptor() const { return socket_; }

    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) fail("send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Reads once, without waiting. False if nothing has come.
    bool receive() { return receive(MSG_DONTWAIT); }

    /// Waits until this many texts have come since the connection was made.
    void await_texts(std::size_t count) {
        while (texts_ < count) receive(0);
    }

    void ping(std::size_t number) {
        std::string frame;
        append_masked_frame(frame, opcode::ping, std::to_string(number), 0);
        write(frame);
    }

    /// Waits for the answer to this ping or to a later one: a server may answer only the latest.
    void await_pong(std::size_t number) {
        while (pinged_ <= number) receive(0);
    }

    [[nodiscard]] std::size_t texts() const { return texts_; }
    [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }

private:
    /// Empty if nothing has come.
    std::string_view read(int flags) {
        static std::array<char, 256 * 1024> bytes;
        const auto got = ::recv(socket_, bytes.data(), bytes.size(), flags);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
        if (got < 0) fail("recv");
        if (got == 0) throw std::runtime_error("the server has closed a connection");
        return {bytes.data(), static_cast<std::size_t>(got)};
    }

    bool receive(int flags) {
        std::string_view bytes = read(flags);
        if (bytes.empty()) return false;
        if (!rest_.empty()) bytes = rest_ += bytes;
        const std::size_t used = for_each_frame(
            bytes, [this](opcode op, std::string_view payload) { take(op, payload); });
        rest_ = std::string{bytes.substr(used)};
        return true;
    }

    void take(opcode op, std::string_view payload) {
        if (op == opcode::text) {
            ++texts_;
            text_bytes_ += payload.size();
        } else if (op == opcode::pong) {
            pinged_ = std::stoul(std::string(payload)) + 1;
        } else if (op == opcode::ping) {
            std::string frame;
            append_masked_frame(frame, opcode::pong, payload, 0);
            write(frame);
        } else {
            throw std::runtime_error("the server says goodbye");
        }
    }

    int socket_;
    std::string rest_;        // of a frame that has not come wholly
    std::size_t pinged_ = 0;  // pings answered up to here
    std::size_t texts_ = 0;
    std::size_t text_bytes_ = 0;
};

}  // namespace load
