#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <millrace/transport/detail/canceller.hpp>
#include <millrace/transport/detail/socket_acceptor.hpp>
#include <millrace/transport/detail/socket_stream.hpp>
#include <millrace/transport/detail/tcp_connect.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// A TCP connection; Nagle's delay is off.
class tcp_stream : public detail::socket_stream {
public:
    /// Takes a connected socket.
    explicit tcp_stream(asio::ip::tcp::socket socket) : socket_stream{std::move(socket)} {
        const int on = 1;
        ::setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    /// Without the port; an IPv4 peer of a dual-stack socket is written as IPv4.
    [[nodiscard]] std::string remote_address() const {
        asio::ip::tcp::endpoint peer;
        auto size = static_cast<::socklen_t>(peer.capacity());
        if (::getpeername(descriptor(), peer.data(), &size) != 0) return {};
        const auto address = peer.address();
        if (address.is_v6() && address.to_v6().is_v4_mapped())
            return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
        return address.to_string();
    }
};

/// Accepts TCP connections.
class tcp_acceptor : public detail::socket_acceptor<asio::ip::tcp, tcp_stream> {
public:
    tcp_acceptor(asio::io_context& io, const listen_options& options) : socket_acceptor{io} {
        if (inherit(options.address, {asio::ip::tcp::v4(), asio::ip::tcp::v6()})) return;
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

    [[nodiscard]] std::uint16_t port() const {
        std::error_code ignored;
        return acceptor_.local_endpoint(ignored).port();
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
};

/// The transport over TCP.
struct tcp {
    using stream = tcp_stream;
    using acceptor = tcp_acceptor;

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) const {
        return {io, options};
    }

    /// Looks the host up and tries each of its addresses; through a proxy by `async_http_connect`.
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options& to,
                                        Handler f) const {
        using attempt = detail::tcp_connect<stream, Handler>;
        const auto made = std::make_shared<attempt>(io, to, std::move(f));
        made->start();
        return detail::canceller_of(made);
    }
};

}  // namespace millrace
