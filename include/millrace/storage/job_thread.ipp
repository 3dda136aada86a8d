#pragma once

#include <millrace/storage/job_thread.hpp>

namespace millrace::detail {

MILLRACE_INLINE job_thread::~job_thread() {
    cancel();
    if (thread_.joinable()) thread_.join();
}

MILLRACE_INLINE void job_thread::cancel() {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
    wake_.notify_one();
}

MILLRACE_INLINE bool job_thread::post(job next) {
    {
        const std::lock_guard lock{mutex_};
        if (jobs_.size() >= max_waiting_) return false;
        jobs_.push_back(std::move(next));
        if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
    }
    wake_.notify_one();
    return true;
}

MILLRACE_INLINE void job_thread::run() {
    std::unique_lock lock{mutex_};
    while (true) {
        wake_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        const job next = std::move(jobs_.front());
        jobs_.pop_front();
        const bool is_cancelled = is_ending_;
        lock.unlock();
        next(is_cancelled);
        lock.lock();
    }
}

}  // namespace millrace::detail
