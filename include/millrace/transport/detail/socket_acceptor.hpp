#pragma once

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/poller.hpp>
#include <millrace/transport/detail/watch.hpp>
#include <millrace/transport/reserve_descriptor.hpp>

namespace millrace::detail {

/// Accepts connections by one of the system's sockets, which other processes may share. When the
/// process has no descriptor left, the one connection that cannot be served is taken and closed by
/// means of a descriptor kept in reserve, so that its peer is not left waiting; the error is
/// reported all the same, for the caller to pause.
template <class Stream>
class socket_acceptor {
public:
    /// Takes a listening socket.
    socket_acceptor(asio::io_context& io, int descriptor)
        : io_{&io}, watch_{std::make_unique<watch>(asio::use_service<poller>(io), descriptor)} {
        int on = 1;
        ::ioctl(descriptor, FIONBIO, &on);
    }

    template <class Handler>
    void async_accept(Handler f) {
        async_accept(*io_, std::move(f));
    }

    template <class Handler>
    void async_accept(asio::io_context& of_stream, Handler f) {
        watch_->wait_readable(
            callback{[this, &of_stream, f = std::move(f)](std::error_code error) mutable {
                int socket = none;
                if (!error) socket = accept(error);
                if (error == asio::error::would_block) return async_accept(of_stream, std::move(f));
                f(error, Stream{of_stream, socket});
            }});
    }

    void close() { watch_->close(); }

protected:
    [[nodiscard]] int descriptor() const noexcept { return watch_->descriptor(); }

private:
    static constexpr int none = -1;

    int accept(std::error_code& error) {
        const int accepted = accept_one();
        if (accepted == none) error = last_error();
        watch_->set_readable(error != asio::error::would_block);
        if (error.value() == EMFILE || error.value() == ENFILE) refuse_one();
        return accepted;
    }

    [[nodiscard]] int accept_one() const noexcept {
        int accepted;
        do accepted = ::accept4(descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        while (accepted == none && errno == EINTR);
        return accepted;
    }

    void refuse_one() noexcept {
        reserve_.release();
        const int refused = accept_one();
        if (refused != none) ::close(refused);
        reserve_.take();
    }

    asio::io_context* io_;
    std::unique_ptr<watch> watch_;
    reserve_descriptor reserve_;
};

}  // namespace millrace::detail
