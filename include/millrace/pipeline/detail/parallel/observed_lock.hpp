#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <millrace/core/detail/at_exit.hpp>

namespace millrace::detail {

/// Guards what a thread works on, which holds it all the time but where it lets those in who want
/// to look.
class observed_lock {
public:
    // For the thread that works.

    void lock() { mutex_.lock(); }
    void unlock() { mutex_.unlock(); }
    /// Those who wait have looked when it returns.
    void let_in() {
        if (waiting_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            let_all_in();
    }

    // For any other.

    template <class Look>
    void look(Look&& look) const {
        ++waiting_;
        const at_exit leave{[this] {
            --waiting_;
            waiting_.notify_all();
        }};
        const std::lock_guard held{mutex_};
        look();
    }

private:
    void let_all_in() {
        mutex_.unlock();
        for (std::uint32_t some; (some = waiting_) != 0;) waiting_.wait(some);
        mutex_.lock();
    }

    mutable std::mutex mutex_;
    mutable std::atomic<std::uint32_t> waiting_ = 0;
};

}  // namespace millrace::detail
