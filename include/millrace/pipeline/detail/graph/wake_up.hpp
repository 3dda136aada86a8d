#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace millrace::detail {

/// How another thread tells who drives a pipeline that it has something to go on with.
class wake_up {
public:
    /// Behind this, what was set before is not called, nor being called.
    void set(std::function<void()> f) {
        const std::lock_guard lock{mutex_};
        call_ = std::move(f);
    }

    /// From any thread.
    void operator()() {
        has_news_ = true;
        const std::lock_guard lock{mutex_};
        if (call_) call_();
    }

    /// Whether it was called since this was.
    [[nodiscard]] bool take_news() noexcept { return has_news_.exchange(false); }

private:
    std::atomic<bool> has_news_ = false;
    std::mutex mutex_;
    std::function<void()> call_;
};

}  // namespace millrace::detail
