#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/canceller.hpp>
#include <millrace/transport/detail/socket_acceptor.hpp>
#include <millrace/transport/detail/socket_file.hpp>
#include <millrace/transport/detail/socket_stream.hpp>
#include <millrace/transport/inherited_socket.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// A connection within one machine.
class unix_stream : public detail::socket_stream {
public:
    using socket_stream::socket_stream;

    [[nodiscard]] std::string remote_address() const { return "unix"; }
};

namespace detail {

template <class Handler>
class unix_connect : public std::enable_shared_from_this<unix_connect<Handler>> {
public:
    unix_connect(asio::io_context& io, Handler f) : socket_{io}, handler_{std::move(f)} {}

    void start(const std::string& path) {
        auto on_connected = [self = this->shared_from_this()](std::error_code error) {
            self->end(error);
        };
        if (path.empty() || path.size() >= sizeof(::sockaddr_un{}.sun_path))
            return asio::post(socket_.get_executor(),
                              [on_connected] { on_connected(asio::error::invalid_argument); });
        socket_.async_connect(path, std::move(on_connected));
    }

    void cancel() {
        is_cancelled_ = true;
        std::error_code ignored;
        socket_.close(ignored);
    }

private:
    void end(std::error_code error) {
        if (is_cancelled_) error = asio::error::operation_aborted;
        handler_(error, unix_stream{std::move(socket_)});
    }

    asio::local::stream_protocol::socket socket_;
    Handler handler_;
    bool is_cancelled_ = false;
};

}  // namespace detail

/// Accepts connections at a path in the file system, which goes when it is closed.
class unix_acceptor : public detail::socket_acceptor<unix_stream> {
    using protocol = asio::local::stream_protocol;

public:
    unix_acceptor(asio::io_context& io, const listen_options& options, ::mode_t mode)
        : unix_acceptor{io, opened(io, options, mode)} {}

    [[nodiscard]] std::uint16_t port() const noexcept { return 0; }

    void close();

private:
    struct listening {
        int socket;
        detail::socket_file file;
    };

    unix_acceptor(asio::io_context& io, listening at)
        : socket_acceptor{io, at.socket}, file_{std::move(at.file)} {}

    static listening opened(asio::io_context& io, const listen_options& options, ::mode_t mode);

    [[noreturn]] static void fail(const std::string& path) {
        throw std::system_error(errno, std::system_category(), path);
    }

    /// Whether the file is a socket at which no process listens.
    static bool is_stale(asio::io_context& io, const protocol::endpoint& where);

    detail::socket_file file_;
};

/// The transport over Unix sockets: `address`, or the client's `host`, is a path.
///
/// A file that a dead server left is replaced; one at which a server listens, or that is no socket,
/// is an error. When the acceptor is closed the file is removed, unless it is another's by then, or
/// systemd's. Of servers that start at once one gets the path, all others
/// `asio::error::address_in_use`: for as long as that takes there is an empty file PATH.starting,
/// which the server must be allowed to make. An IP address, such as an endpoint's by default, is no
/// path: `std::invalid_argument`.
struct unix_socket {
    /// Who may connect.
    ::mode_t mode = 0660;

    using stream = unix_stream;
    using acceptor = unix_acceptor;

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) const {
        return {io, options, mode};
    }

    /// `asio::error::no_buffer_space` if more wait for the server than it takes.
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options& to,
                                        Handler f) const {
        const auto made = std::make_shared<detail::unix_connect<Handler>>(io, std::move(f));
        made->start(to.host);
        return detail::canceller_of(made);
    }
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/transport/unix_socket.ipp>
#endif
