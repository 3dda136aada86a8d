#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <millrace/transport/reserve_descriptor.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// A TCP connection; Nagle's delay is off.
class tcp_stream {
public:
    /// Takes a connected socket.
    explicit tcp_stream(asio::ip::tcp::socket socket) : socket_{std::move(socket)} {
        std::error_code ignored;  // an error of the socket itself shows at the first read
        socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
        socket_.non_blocking(true, ignored);
    }

    template <class Handler>
    void async_wait_readable(Handler&& handler) {
        socket_.async_wait(asio::socket_base::wait_read, std::forward<Handler>(handler));
    }

    template <class Handler>
    void async_wait_writable(Handler&& handler) {
        socket_.async_wait(asio::socket_base::wait_write, std::forward<Handler>(handler));
    }

    std::size_t read_some(std::span<char> to, std::error_code& error) {
        return socket_.read_some(asio::buffer(to.data(), to.size()), error);
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error) {
        return socket_.write_some(from, error);
    }

    void shutdown() noexcept {
        std::error_code ignored;
        socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    }

    void close() noexcept {
        std::error_code ignored;
        socket_.close(ignored);
    }

    /// Without the port; an IPv4 peer of a dual-stack socket is written as IPv4.
    [[nodiscard]] std::string remote_address() const {
        std::error_code error;
        const auto endpoint = socket_.remote_endpoint(error);
        if (error) return {};
        const auto address = endpoint.address();
        if (address.is_v6() && address.to_v6().is_v4_mapped())
            return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
        return address.to_string();
    }

private:
    asio::ip::tcp::socket socket_;
};

/// Accepts TCP connections. When the process has no descriptor left, the one connection that cannot
/// be served is taken and closed by means of a descriptor kept in reserve, so that its peer is not
/// left waiting; the error is reported all the same, for the caller to pause.
class tcp_acceptor {
public:
    tcp_acceptor(asio::io_context& io, const listen_options& options) : acceptor_{io} {
        if (!options.address.empty()) {
            open({asio::ip::make_address(options.address), options.port}, options.backlog);
            return;
        }
        try {
            open({asio::ip::address_v6::any(), options.port}, options.backlog);
        } catch (const std::system_error& e) {
            const int code = e.code().value();
            if (code != EAFNOSUPPORT && code != EADDRNOTAVAIL) throw;
            open({asio::ip::address_v4::any(), options.port}, options.backlog);
        }
    }

    template <class Handler>
    void async_accept(Handler handler) {
        acceptor_.async_accept([this, handler = std::move(handler)](
                                   std::error_code error, asio::ip::tcp::socket socket) mutable {
            if (error.value() == EMFILE || error.value() == ENFILE) refuse_one();
            handler(error, tcp_stream{std::move(socket)});
        });
    }

    [[nodiscard]] std::uint16_t port() const {
        std::error_code ignored;
        return acceptor_.local_endpoint(ignored).port();
    }

    void close() noexcept {
        std::error_code ignored;
        acceptor_.close(ignored);
    }

private:
    void open(const asio::ip::tcp::endpoint& where, int backlog) {
        acceptor_ = asio::ip::tcp::acceptor{acceptor_.get_executor()};
        acceptor_.open(where.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address{true});
        if (where.address().is_v6() && where.address().is_unspecified())
            acceptor_.set_option(asio::ip::v6_only{false});
        acceptor_.bind(where);
        acceptor_.listen(backlog);
        acceptor_.non_blocking(true);
    }

    void refuse_one() {
        reserve_.release();
        std::error_code ignored;
        asio::ip::tcp::socket refused{acceptor_.get_executor()};
        acceptor_.accept(refused, ignored);
        refused.close(ignored);
        reserve_.take();
    }

    asio::ip::tcp::acceptor acceptor_;
    detail::reserve_descriptor reserve_;
};

/// The transport over TCP.
struct tcp {
    using stream = tcp_stream;
    using acceptor = tcp_acceptor;

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) const {
        return {io, options};
    }
};

}  // namespace millrace
