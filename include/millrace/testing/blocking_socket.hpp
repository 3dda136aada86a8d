#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <millrace/core/error.hpp>

namespace millrace::testing {

/// A TCP socket whose calls block, each for at most a given time.
class blocking_socket {
public:
    using duration = std::chrono::milliseconds;

    /// Throws std::system_error when the host cannot be resolved or reached in time.
    blocking_socket(std::string_view host, std::uint16_t port, duration timeout)
        : socket_(context_) {
        asio::ip::tcp::resolver resolver{context_};
        const auto endpoints = resolver.resolve(std::string{host}, std::to_string(port));
        std::error_code result = asio::error::timed_out;
        asio::async_connect(socket_, endpoints,
                            [&](std::error_code error, const auto&) { result = error; });
        finish(run(timeout), result);
        socket_.set_option(asio::ip::tcp::no_delay{true});
    }

    /// Throws std::system_error when the connection is lost or the peer does not read in time,
    /// after which part of `bytes` may have been sent.
    void write(std::string_view bytes, duration timeout) {
        std::error_code result = asio::error::timed_out;
        asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                          [&](std::error_code error, std::size_t) { result = error; });
        finish(run(timeout), result);
    }

    /// Bytes read; 0 when the peer has closed or the connection is lost, nothing when the time is
    /// over. A timeout of zero only looks.
    std::optional<std::size_t> read_some(std::span<char> out, duration timeout) {
        std::error_code result;
        std::size_t size = 0;
        socket_.async_read_some(asio::buffer(out.data(), out.size()),
                                [&](std::error_code error, std::size_t n) {
                                    result = error;
                                    size = n;
                                });
        run(timeout);
        if (result == asio::error::operation_aborted) return std::nullopt;
        return size;
    }

    /// Tells the peer that no more bytes will come.
    void shut_down_sending() noexcept {
        std::error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }

    void close() noexcept {
        std::error_code ignored;
        socket_.close(ignored);
    }

    [[nodiscard]] asio::ip::tcp::socket& native() noexcept { return socket_; }

private:
    /// True if what was started has completed in time; if not, it is cancelled.
    bool run(duration timeout) {
        context_.restart();
        if (timeout > duration::zero())
            context_.run_for(timeout);
        else
            context_.poll();
        if (context_.stopped()) return true;
        std::error_code ignored;
        socket_.cancel(ignored);
        context_.run();
        return false;
    }

    static void finish(bool in_time, std::error_code result) {
        if (!in_time && result) result = errc::timed_out;
        if (result) throw std::system_error(result);
    }

    asio::io_context context_;
    asio::ip::tcp::socket socket_;
};

}  // namespace millrace::testing
