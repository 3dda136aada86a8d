#pragma once

#include <mutex>
#include <utility>

#include <asio/io_context.hpp>

#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/post.hpp>

namespace millrace::detail {

/// The way to a loop from other threads, which may come when the loop is gone.
class mailbox {
public:
    explicit mailbox(asio::io_context& io) : io_{&io} {}

    /// Runs `f` in the loop's thread; nothing once the mailbox is closed.
    void post(callback f) {
        const std::lock_guard lock{mutex_};
        if (io_ != nullptr) detail::post(*io_, std::move(f));
    }

    void close() {
        const std::lock_guard lock{mutex_};
        io_ = nullptr;
    }

private:
    std::mutex mutex_;
    asio::io_context* io_;
};

}  // namespace millrace::detail
