#pragma once

#include <millrace/transport/tcp.hpp>

namespace millrace {

MILLRACE_INLINE tcp_stream::tcp_stream(asio::io_context& io, int socket)
    : socket_stream{io, socket} {
    const int on = 1;
    ::setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

MILLRACE_INLINE std::string tcp_stream::remote_address() const {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<::socklen_t>(peer.capacity());
    if (::getpeername(descriptor(), peer.data(), &size) != 0) return {};
    const auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

MILLRACE_INLINE std::uint16_t tcp_acceptor::port() const {
    protocol::endpoint own;
    auto size = static_cast<::socklen_t>(own.capacity());
    return ::getsockname(descriptor(), own.data(), &size) == 0 ? own.port() : std::uint16_t{0};
}

MILLRACE_INLINE int tcp_acceptor::listening(asio::io_context& io, const listen_options& options) {
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

MILLRACE_INLINE asio::ip::address tcp_acceptor::address_of(const std::string& text) {
    if (text.empty()) return asio::ip::address_v6::any();
    std::error_code error;
    auto address = asio::ip::make_address(text, error);
    if (error)
        throw std::system_error(error, "millrace: \"" + text +
                                           "\" is no IP address (127.0.0.1, ::1, or empty for "
                                           "every network)");
    return address;
}

MILLRACE_INLINE int tcp_acceptor::listening(asio::io_context& io, const protocol::endpoint& where,
                                            int backlog) {
    protocol::acceptor made{io, where.protocol()};
    made.set_option(asio::socket_base::reuse_address{true});
    if (where.address().is_v6() && where.address().is_unspecified())
        made.set_option(asio::ip::v6_only{false});
    made.bind(where);
    made.listen(backlog);
    return detail::release(made);
}

}  // namespace millrace
