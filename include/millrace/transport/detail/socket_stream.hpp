#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/poller.hpp>
#include <millrace/transport/detail/watch.hpp>

namespace millrace::detail {

template <class Socket>
[[nodiscard]] asio::io_context& context_of(Socket& socket) {
    auto& context = asio::query(socket.get_executor(), asio::execution::context);
    return static_cast<asio::io_context&>(context);
}

/// The descriptor of a socket of Asio's, which is closed for it then; -1 if it was before.
template <class Socket>
[[nodiscard]] int release(Socket& socket) {
    std::error_code ignored;
    return socket.is_open() ? socket.release(ignored) : -1;
}

/// A stream over one of the system's sockets, without its `remote_address`. It must not outlive its
/// io_context. For Linux only.
class socket_stream {
public:
    /// Takes a connected socket; -1 makes a closed stream. Safe while `io` runs in another thread,
    /// and so are moving and closing a stream for which nobody has waited yet.
    socket_stream(asio::io_context& io, int descriptor)
        : watch_{std::make_unique<watch>(asio::use_service<poller>(io), descriptor)} {}

    /// Takes a socket of an io_context; a closed one makes a closed stream.
    template <class Protocol>
    explicit socket_stream(asio::basic_stream_socket<Protocol> socket)
        : socket_stream{context_of(socket), release(socket)} {}

    template <class Handler>
    void async_wait_readable(Handler handler) {
        watch_->wait_readable(callback{std::move(handler)});
    }

    template <class Handler>
    void async_wait_writable(Handler handler) {
        watch_->wait_writable(callback{std::move(handler)});
    }

    std::size_t read_some(std::span<char> to, std::error_code& error);

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error);

    void shutdown() noexcept { ::shutdown(descriptor(), SHUT_WR); }

    void close() { watch_->close(); }

protected:
    [[nodiscard]] int descriptor() const noexcept { return watch_->descriptor(); }

private:
    template <class SystemCall>
    std::size_t written(std::size_t total, std::error_code& error, SystemCall send) {
        const std::size_t size = repeated(send, error);
        watch_->set_writable(error ? error != asio::error::would_block : size == total);
        return size;
    }

    /// Calls `f` until no signal interrupts it.
    template <class SystemCall>
    static std::size_t repeated(SystemCall f, std::error_code& error) {
        ::ssize_t size;
        do size = f();
        while (size < 0 && errno == EINTR);
        if (size >= 0) return static_cast<std::size_t>(size);
        error = last_error();
        return 0;
    }

    std::unique_ptr<watch> watch_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/socket_stream.ipp>
#endif
