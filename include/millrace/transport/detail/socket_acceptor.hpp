#pragma once

#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/socket_base.hpp>

#include <millrace/transport/inherited_socket.hpp>
#include <millrace/transport/reserve_descriptor.hpp>

namespace millrace::detail {

/// Accepts connections by one of the system's sockets. When the process has no descriptor left, the
/// one connection that cannot be served is taken and closed by means of a descriptor kept in
/// reserve, so that its peer is not left waiting; the error is reported all the same, for the
/// caller to pause.
template <class Protocol, class Stream>
class socket_acceptor {
public:
    explicit socket_acceptor(asio::io_context& io) : acceptor_{io} {}

    template <class Handler>
    void async_accept(Handler handler) {
        acceptor_.async_accept(
            [this, handler = std::move(handler)](std::error_code error,
                                                 typename Protocol::socket socket) mutable {
                if (error.value() == EMFILE || error.value() == ENFILE) refuse_one();
                handler(error, Stream{std::move(socket)});
            });
    }

    void close() noexcept {
        std::error_code ignored;
        acceptor_.close(ignored);
    }

protected:
    /// Takes a socket from systemd, if `address` says so; false if not.
    /// @throws std::system_error
    bool inherit(const std::string& address, std::initializer_list<Protocol> protocols) {
        if (!is_inherited(address)) return false;
        const int socket = inherited_socket(address);
        for (const auto& each : protocols) {
            if (each.family() != family_of(socket)) continue;
            acceptor_.assign(each, socket);
            acceptor_.non_blocking(true);
            return true;
        }
        ::close(socket);
        throw std::system_error(EAFNOSUPPORT, std::system_category(), address);
    }

    typename Protocol::acceptor acceptor_;

private:
    void refuse_one() {
        reserve_.release();
        std::error_code ignored;
        typename Protocol::socket refused{acceptor_.get_executor()};
        acceptor_.accept(refused, ignored);
        refused.close(ignored);
        reserve_.take();
    }

    reserve_descriptor reserve_;
};

}  // namespace millrace::detail
