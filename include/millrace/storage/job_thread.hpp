#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Runs jobs in turn on a thread of its own, which starts with the first. Thread-safe.
class job_thread {
public:
    /// `is_cancelled` is true where the thread ended before the job's turn.
    using job = std::function<void(bool is_cancelled)>;

    explicit job_thread(std::size_t max_waiting) : max_waiting_{max_waiting} {}
    job_thread(const job_thread&) = delete;
    job_thread& operator=(const job_thread&) = delete;

    ~job_thread();

    /// Lets the thread end after the job under way; those that wait are called as cancelled.
    void cancel();

    /// False, and the job is gone, where too many wait already.
    [[nodiscard]] bool post(job next);

private:
    void run();

    std::size_t max_waiting_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<job> jobs_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/job_thread.ipp>
#endif
