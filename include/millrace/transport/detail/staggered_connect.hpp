#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// The order in which addresses are tried: the first one's family and the other in turn, each in
/// the order given (RFC 8305, section 4), and no more than `most`.
[[nodiscard]] std::vector<asio::ip::tcp::endpoint> interleaved(
    const std::vector<asio::ip::tcp::endpoint>& addresses, std::size_t most);

/// Connects to one of a host's addresses. The next is tried when the one before has failed, or has
/// not answered for a while; both go on, and the first that connects is taken (RFC 8305, section
/// 5). So an address that swallows packets costs `delay` and not the whole time.
class staggered_connect : public std::enable_shared_from_this<staggered_connect> {
public:
    using endpoint = asio::ip::tcp::endpoint;
    using socket = asio::ip::tcp::socket;

    /// As the RFC recommends.
    static constexpr std::chrono::milliseconds delay{250};
    static constexpr std::size_t max_addresses = 32;

    explicit staggered_connect(asio::io_context& io) : io_{io}, timer_{io} {}

    /// Calls `f(std::error_code, socket)` once; the error is that of the last address to fail.
    /// `addresses` must not be empty.
    template <class Handler>
    void start(const std::vector<endpoint>& addresses, Handler f) {
        addresses_ = interleaved(addresses, max_addresses);
        try_next(std::make_shared<Handler>(std::move(f)));
    }

    /// Ends it at once, with an error.
    void cancel() { close_all(); }

private:
    template <class Handler>
    void try_next(const std::shared_ptr<Handler>& f) {
        const std::size_t index = sockets_.size();
        auto& made = sockets_.emplace_back(io_);
        ++pending_;
        made.async_connect(addresses_[index],
                           [self = shared_from_this(), index, f](std::error_code error) {
                               self->on_connect(index, error, f);
                           });
        if (sockets_.size() == addresses_.size()) return;
        timer_.expires_after(delay);
        // A wait that has ended is not taken back: its call may come behind the next attempt's.
        timer_.async_wait([self = shared_from_this(), f, index](std::error_code error) {
            if (!error && !self->is_over_ && self->sockets_.size() == index + 1) self->try_next(f);
        });
    }

    template <class Handler>
    void on_connect(std::size_t index, std::error_code error, const std::shared_ptr<Handler>& f) {
        --pending_;
        if (is_told_) return;
        if (is_over_) error = asio::error::operation_aborted;
        if (error && !is_over_) {
            std::error_code ignored;
            sockets_[index].close(ignored);
            timer_.cancel();
            if (sockets_.size() != addresses_.size()) return try_next(f);
            if (pending_ != 0) return;
        }
        is_told_ = true;
        socket connected = std::move(sockets_[index]);
        close_all();
        (*f)(error, std::move(connected));
    }

    void close_all();

    asio::io_context& io_;
    asio::steady_timer timer_;
    std::vector<endpoint> addresses_;
    std::deque<socket> sockets_;  ///< of the addresses tried so far
    std::size_t pending_ = 0;
    bool is_over_ = false;
    bool is_told_ = false;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/staggered_connect.ipp>
#endif
