#pragma once

#include <millrace/transport/detail/poller.hpp>

namespace millrace::detail {

MILLRACE_INLINE void waiter::set_ready(ring_member& due) noexcept {
    is_ready = true;
    if (f) join(due);
}

MILLRACE_INLINE void readiness::on_events(std::uint32_t events, ring_member& due) noexcept {
    constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP, ended = broken | EPOLLRDHUP;
    if ((events & ended) != 0) is_ended = true;
    if ((events & (ended | EPOLLIN)) != 0) reader.set_ready(due);
    if ((events & (broken | EPOLLOUT)) != 0) writer.set_ready(due);
}

MILLRACE_INLINE void poller::wait(waiter& w, callback f) {
    w.f = std::move(f);
    w.join(w.is_ready ? due_ : waiting_);
    w.is_ready ? post_dispatch() : arm();
}

MILLRACE_INLINE void poller::abort(waiter& w) {
    if (!w.f) return;
    w.leave();
    post(std::move(w.f), asio::error::operation_aborted);
    std::error_code ignored;
    if (waiting_.is_alone()) set_.cancel(ignored);
}

MILLRACE_INLINE std::error_code poller::control(int operation, int descriptor, std::uint32_t events,
                                                readiness* of) {
    std::error_code error;
    if (!set_.is_open()) error = open();
    ::epoll_event event{events, {.ptr = of}};
    if (!error && ::epoll_ctl(set_.native_handle(), operation, descriptor, &event) != 0)
        error = last_error();
    return error;
}

MILLRACE_INLINE void poller::shutdown() {
    for (auto* ring : {&waiting_, &due_})
        while (!ring->is_alone()) static_cast<void>(take(*ring));
}

MILLRACE_INLINE std::error_code poller::open() {
    const int made = ::epoll_create1(EPOLL_CLOEXEC);
    if (made == -1) return last_error();
    std::error_code error;
    set_.assign(made, error);
    if (error) ::close(made);
    return error;
}

MILLRACE_INLINE callback poller::take(ring_member& head) noexcept {
    auto& first = static_cast<waiter&>(head.next());
    first.leave();
    return std::move(first.f);
}

MILLRACE_INLINE void poller::arm() {
    if (is_armed_ || waiting_.is_alone()) return;
    is_armed_ = true;
    set_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
        is_armed_ = false;
        if (!error) collect();
        arm();
        dispatch();
    });
}

MILLRACE_INLINE void poller::collect() noexcept {
    std::array<::epoll_event, 128> events;
    const int count =
        ::epoll_wait(set_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        static_cast<readiness*>(event.data.ptr)->on_events(event.events, due_);
    }
}

MILLRACE_INLINE void poller::dispatch() {
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

MILLRACE_INLINE void poller::post_dispatch() {
    if (std::exchange(is_posted_, true)) return;
    asio::post(io_, [this] {
        is_posted_ = false;
        dispatch();
    });
}

}  // namespace millrace::detail
