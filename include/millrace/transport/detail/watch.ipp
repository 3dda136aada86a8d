#pragma once

#include <millrace/transport/detail/watch.hpp>

namespace millrace::detail {

MILLRACE_INLINE void watch::close() {
    if (descriptor_ == none) return;
    // It would stay in the set where a child process has a copy of it.
    if (watched_ != 0) poller_.control(EPOLL_CTL_DEL, descriptor_, 0, nullptr);
    ::close(std::exchange(descriptor_, none));
    poller_.abort(state_.reader);
    poller_.abort(state_.writer);
}

MILLRACE_INLINE void watch::wait(waiter& w, std::uint32_t events, callback f) {
    if (const auto error = prepare(w, events)) return poller_.post(std::move(f), error);
    poller_.wait(w, std::move(f));
}

MILLRACE_INLINE std::error_code watch::prepare(const waiter& w, std::uint32_t events) {
    if (descriptor_ == none) return asio::error::bad_descriptor;
    if (w.is_ready || (watched_ & events) == events) return {};
    const int operation = watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    const std::uint32_t all = watched_ | events | EPOLLET;
    const auto error = poller_.control(operation, descriptor_, all, &state_);
    if (!error) watched_ = all;
    return error;
}

}  // namespace millrace::detail
