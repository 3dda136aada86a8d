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

#include <millrace/core/detail/compiled.hpp>
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
    tcp_stream(asio::io_context& io, int socket);

    /// Without the port; an IPv4 peer of a dual-stack socket is written as IPv4.
    [[nodiscard]] std::string remote_address() const;
};

/// Accepts TCP connections.
class tcp_acceptor : public detail::socket_acceptor<tcp_stream> {
    using protocol = asio::ip::tcp;

public:
    tcp_acceptor(asio::io_context& io, const listen_options& options)
        : socket_acceptor{io, listening(io, options)} {}

    [[nodiscard]] std::uint16_t port() const;

private:
    static int listening(asio::io_context& io, const listen_options& options);

    static asio::ip::address address_of(const std::string& text);

    static int listening(asio::io_context& io, const protocol::endpoint& where, int backlog);
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

#ifndef MILLRACE_COMPILED
#include <millrace/transport/tcp.ipp>
#endif
