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

    void set_ready(ring_member& due) noexcept {
        is_ready = true;
        if (f) join(due);
    }
};

/// What the system tells of a stream.
struct readiness {
    waiter reader{};
    waiter writer{};
    bool is_ended = false;  ///< the peer's part

    void on_events(std::uint32_t events, ring_member& due) noexcept {
        constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP, ended = broken | EPOLLRDHUP;
        if ((events & ended) != 0) is_ended = true;
        if ((events & (ended | EPOLLIN)) != 0) reader.set_ready(due);
        if ((events & (broken | EPOLLOUT)) != 0) writer.set_ready(due);
    }
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
    void wait(waiter& w, callback f) {
        w.f = std::move(f);
        w.join(w.is_ready ? due_ : waiting_);
        w.is_ready ? post_dispatch() : arm();
    }

    /// Ends the wait, if there is one.
    void abort(waiter& w) {
        if (!w.f) return;
        w.leave();
        post(std::move(w.f), asio::error::operation_aborted);
        std::error_code ignored;
        if (waiting_.is_alone()) set_.cancel(ignored);
    }

    void post(callback f, std::error_code error) {
        asio::post(io_, [f = std::move(f), error]() mutable { f(error); });
    }

    /// epoll_ctl(2) for the set.
    std::error_code control(int operation, int descriptor, std::uint32_t events, readiness* of) {
        std::error_code error;
        if (!set_.is_open()) error = open();
        ::epoll_event event{events, {.ptr = of}};
        if (!error && ::epoll_ctl(set_.native_handle(), operation, descriptor, &event) != 0)
            error = last_error();
        return error;
    }

private:
    void shutdown() override {
        for (auto* ring : {&waiting_, &due_})
            while (!ring->is_alone()) static_cast<void>(take(*ring));
    }

    /// Not by the constructor, which runs where a lack of descriptors cannot be reported.
    std::error_code open() {
        const int made = ::epoll_create1(EPOLL_CLOEXEC);
        if (made == -1) return last_error();
        std::error_code error;
        set_.assign(made, error);
        if (error) ::close(made);
        return error;
    }

    /// Of the first in a ring.
    [[nodiscard]] static callback take(ring_member& head) noexcept {
        auto& first = static_cast<waiter&>(head.next());
        first.leave();
        return std::move(first.f);
    }

    void arm() {
        if (is_armed_ || waiting_.is_alone()) return;
        is_armed_ = true;
        set_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
            is_armed_ = false;
            if (!error) collect();
            arm();
            dispatch();
        });
    }

    void collect() noexcept {
        std::array<::epoll_event, 128> events;
        const int count =
            ::epoll_wait(set_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            static_cast<readiness*>(event.data.ptr)->on_events(event.events, due_);
        }
    }

    /// Whoever becomes due meanwhile waits for the next turn, as timers do.
    void dispatch() {
        ring_member batch;
        due_.send_all(batch);
        try {
            while (!batch.is_alone()) take(batch)({});
        } catch (...) {
            batch.send_all(due_);
            post_dispatch();
            throw;
        }
    }

    void post_dispatch() {
        if (std::exchange(is_posted_, true)) return;
        asio::post(io_, [this] {
            is_posted_ = false;
            dispatch();
        });
    }

    asio::io_context& io_;
    asio::posix::stream_descriptor set_;
    ring_member waiting_;
    ring_member due_;  ///< to be called by `dispatch`
    bool is_armed_ = false;
    bool is_posted_ = false;
};

}  // namespace millrace::detail
