#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::detail {

/// Runs jobs in turn on a thread of its own, which starts with the first. Thread-safe.
class job_thread {
public:
    /// `is_cancelled` is true where the thread ended before the job's turn.
    using job = std::function<void(bool is_cancelled)>;

    explicit job_thread(std::size_t max_waiting) : max_waiting_{max_waiting} {}
    job_thread(const job_thread&) = delete;
    job_thread& operator=(const job_thread&) = delete;

    ~job_thread() {
        cancel();
        if (thread_.joinable()) thread_.join();
    }

    /// Lets the thread end after the job under way; those that wait are called as cancelled.
    void cancel() {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
        wake_.notify_one();
    }

    /// False, and the job is gone, where too many wait already.
    [[nodiscard]] bool post(job next) {
        {
            const std::lock_guard lock{mutex_};
            if (jobs_.size() >= max_waiting_) return false;
            jobs_.push_back(std::move(next));
            if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
        }
        wake_.notify_one();
        return true;
    }

private:
    void run() {
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

    std::size_t max_waiting_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<job> jobs_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace millrace::detail
