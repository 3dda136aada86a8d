#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/ring.hpp>

namespace millrace::detail {

/// What the last system call failed with.
[[nodiscard]] inline std::error_code last_error() noexcept {
    return {errno, asio::error::get_system_category()};
}

/// One direction of a stream. It is in a ring of the poller's while `f` is to be called.
struct waiter : ring_member {
    callback f{};
    bool is_ready = false;

    void set_ready(ring_member& due) noexcept;
};

/// What the system tells of a stream.
struct readiness {
    waiter reader{};
    waiter writer{};
    bool is_ended = false;  ///< the peer's part

    void on_events(std::uint32_t events, ring_member& due) noexcept;
};

/// Calls back when streams are ready, in the one thread of an io_context.
///
/// Asio tells the system anew whenever somebody waits for a descriptor. The poller tells it once:
/// all streams are in an epoll set of its own, edge-triggered, and Asio watches that set while
/// anybody waits. One wait of Asio's serves all streams that are ready by then.
class poller : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit poller(asio::io_context& io) : service{io}, io_{io}, set_{io} {}

    /// Calls `f` once `w` is ready, which no other may wait for.
    void wait(waiter& w, callback f);

    /// Ends the wait, if there is one.
    void abort(waiter& w);

    void post(callback f, std::error_code error) {
        asio::post(io_, [f = std::move(f), error]() mutable { f(error); });
    }

    /// epoll_ctl(2) for the set.
    std::error_code control(int operation, int descriptor, std::uint32_t events, readiness* of);

private:
    void shutdown() override;

    /// Not by the constructor, which runs where a lack of descriptors cannot be reported.
    std::error_code open();

    /// Of the first in a ring.
    [[nodiscard]] static callback take(ring_member& head) noexcept;

    void arm();

    void collect() noexcept;

    /// Whoever becomes due meanwhile waits for the next turn, as timers do.
    void dispatch();

    void post_dispatch();

    asio::io_context& io_;
    asio::posix::stream_descriptor set_;
    ring_member waiting_;
    ring_member due_;  ///< to be called by `dispatch`
    bool is_armed_ = false;
    bool is_posted_ = false;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/poller.ipp>
#endif
