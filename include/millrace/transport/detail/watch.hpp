#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>
#include <utility>

#include <asio/error.hpp>

#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/poller.hpp>

namespace millrace::detail {

/// A connected socket of its own, and who waits for it: one at most for each direction.
class watch {
public:
    watch(poller& by, int descriptor) noexcept : poller_{by}, descriptor_{descriptor} {}
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() { close(); }

    void wait_readable(callback f) { wait(state_.reader, EPOLLIN | EPOLLRDHUP, std::move(f)); }
    void wait_writable(callback f) { wait(state_.writer, EPOLLOUT, std::move(f)); }

    /// Whether the last read may have left something, or the last write some room. The system tells
    /// only when that changes; the end of the input it does not tell again.
    void set_readable(bool is_ready) noexcept {
        state_.reader.is_ready = is_ready || state_.is_ended;
    }
    void set_writable(bool is_ready) noexcept { state_.writer.is_ready = is_ready; }

    void close() {
        if (descriptor_ == none) return;
        // It would stay in the set where a child process has a copy of it.
        if (watched_ != 0) poller_.control(EPOLL_CTL_DEL, descriptor_, 0, nullptr);
        ::close(std::exchange(descriptor_, none));
        poller_.abort(state_.reader);
        poller_.abort(state_.writer);
    }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    static constexpr int none = -1;

    void wait(waiter& w, std::uint32_t events, callback f) {
        if (const auto error = prepare(w, events)) return poller_.post(std::move(f), error);
        poller_.wait(w, std::move(f));
    }

    /// Has the system watch for what was never waited for before.
    std::error_code prepare(const waiter& w, std::uint32_t events) {
        if (descriptor_ == none) return asio::error::bad_descriptor;
        if (w.is_ready || (watched_ & events) == events) return {};
        const int operation = watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        const std::uint32_t all = watched_ | events | EPOLLET;
        const auto error = poller_.control(operation, descriptor_, all, &state_);
        if (!error) watched_ = all;
        return error;
    }

    poller& poller_;
    int descriptor_;
    std::uint32_t watched_ = 0;  ///< events
    readiness state_;
};

}  // namespace millrace::detail
