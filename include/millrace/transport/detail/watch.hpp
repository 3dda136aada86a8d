#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>
#include <utility>

#include <asio/error.hpp>

#include <millrace/core/detail/compiled.hpp>
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

    void close();

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    static constexpr int none = -1;

    void wait(waiter& w, std::uint32_t events, callback f);

    /// Has the system watch for what was never waited for before.
    std::error_code prepare(const waiter& w, std::uint32_t events);

    poller& poller_;
    int descriptor_;
    std::uint32_t watched_ = 0;  ///< events
    readiness state_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/watch.ipp>
#endif
