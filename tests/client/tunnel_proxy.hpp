#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

/// An HTTP proxy on the loopback that tunnels what is asked for by CONNECT (RFC 9110, section
/// 9.3.6), or gives another answer.
class tunnel_proxy {
    using socket = asio::ip::tcp::socket;

public:
    explicit tunnel_proxy(asio::io_context& io)
        : io_{io}, acceptor_{io, {asio::ip::address_v4::loopback(), 0}} {
        accept();
    }

    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

    std::string answer = "HTTP/1.1 200 OK\r\n\r\n";  ///< another one is the last word
    std::vector<std::string> requests;               ///< their first lines
    std::size_t tunnelled_bytes = 0;

private:
    struct session {
        socket near, far;
        std::string head{};
        std::array<std::array<char, 16 * 1024>, 2> buffers{};
    };
    using shared = std::shared_ptr<session>;

    void accept() {
        acceptor_.async_accept([this](std::error_code error, socket made) {
            if (error) return;
            read_request(std::make_shared<session>(session{std::move(made), socket{io_}}));
            accept();
        });
    }

    void read_request(const shared& s) {
        asio::async_read_until(s->near, asio::dynamic_buffer(s->head), "\r\n\r\n",
                               [this, s](std::error_code error, std::size_t) {
                                   if (error) return;
                                   requests.push_back(s->head.substr(0, s->head.find("\r\n")));
                                   if (answer.starts_with("HTTP/1.1 200")) connect(s);
                                   asio::async_write(s->near, asio::buffer(answer),
                                                     [this, s](auto failure, auto) {
                                                         if (failure || !s->far.is_open()) return;
                                                         pump(s, s->near, s->far, 0);
                                                         pump(s, s->far, s->near, 1);
                                                     });
                               });
    }

    /// "CONNECT 127.0.0.1:PORT HTTP/1.1"
    void connect(const shared& s) {
        const auto port = s->head.substr(s->head.find(':') + 1);
        s->far.connect(
            {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(port))});
    }

    void pump(const shared& s, socket& from, socket& to, std::size_t direction) {
        auto& buffer = s->buffers[direction];
        from.async_read_some(asio::buffer(buffer), [this, s, &from, &to, direction, &buffer](
                                                       std::error_code error, std::size_t size) {
            std::error_code ignored;
            if (error) return static_cast<void>(to.shutdown(socket::shutdown_send, ignored));
            tunnelled_bytes += size;
            asio::async_write(to, asio::buffer(buffer, size),
                              [this, s, &from, &to, direction](std::error_code failure, auto) {
                                  if (!failure) pump(s, from, to, direction);
                              });
        });
    }

    asio::io_context& io_;
    asio::ip::tcp::acceptor acceptor_;
};
