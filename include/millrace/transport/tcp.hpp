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
#include <millrace/transport/inherited_socket.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// A TCP connection; Nagle's delay is off.
class tcp_stream : public detail::socket_stream {
public:
    /// Takes a connected socket.
    explicit tcp_stream(asio::ip::tcp::socket socket)
        : tcp_stream{detail::context_of(socket), detail::release(socket)} {}
    tcp_stream(asio::io_context& io, int socket) : socket_stream{io, socket} {
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
class tcp_acceptor : public detail::socket_acceptor<tcp_stream> {
    using protocol = asio::ip::tcp;

public:
    tcp_acceptor(asio::io_context& io, const listen_options& options)
        : socket_acceptor{io, listening(io, options)} {}

    [[nodiscard]] std::uint16_t port() const {
        protocol::endpoint own;
        auto size = static_cast<::socklen_t>(own.capacity());
        return ::getsockname(descriptor(), own.data(), &size) == 0 ? own.port() : std::uint16_t{0};
    }

private:
    static int listening(asio::io_context& io, const listen_options& options) {
        if (detail::is_inherited(options.address))
            return detail::inherited_socket(options.address, {AF_INET, AF_INET6});
        const auto address = address_of(options.address);
        try {
            return listening(io, {address, options.port}, options.backlog);
        } catch (const std::system_error& e) {
            const int code = e.code().value();
            if (options.address.empty() && (code == EAFNOSUPPORT || code == EADDRNOTAVAIL))
                return listening(io, {asio::ip::address_v4::any(), options.port}, options.backlog);
            throw std::system_error(e.code(), "millrace: cannot listen on " + address.to_string() +
                                                  ", port " + std::to_string(options.port));
        }
    }

    static asio::ip::address address_of(const std::string& text) {
        if (text.empty()) return asio::ip::address_v6::any();
        std::error_code error;
        auto address = asio::ip::make_address(text, error);
        if (error)
            throw std::system_error(error, "millrace: \"" + text +
                                               "\" is no IP address (127.0.0.1, ::1, or empty for "
                                               "every network)");
        return address;
    }

    static int listening(asio::io_context& io, const protocol::endpoint& where, int backlog) {
        protocol::acceptor made{io, where.protocol()};
        made.set_option(asio::socket_base::reuse_address{true});
        if (where.address().is_v6() && where.address().is_unspecified())
            made.set_option(asio::ip::v6_only{false});
        made.bind(where);
        made.listen(backlog);
        return detail::release(made);
    }
};

/// The transport over TCP.
struct tcp {
    using stream = tcp_stream;
    using acceptor = tcp_acceptor;

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) const {
        return {io, options};
    }

    /// Looks the host up, in a thread of its own for each name, of which a process has at most 256,
    /// and tries its addresses (32 at most) 250 ms apart until one connects (RFC 8305); through a
    /// proxy by `async_http_connect`. To end it takes no time, whatever the system's resolver does.
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
