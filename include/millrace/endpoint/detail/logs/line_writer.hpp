#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace millrace::detail {

/// Writes lines in a thread of its own, so that nobody who has a line waits for a disk or a pipe.
/// What does not fit into `max_bytes` of lines that wait is lost, and counted.
///
/// `Sink` has `write(std::string_view lines)`, false where that failed, and `reopen()`; both are
/// called in that thread. All else may be called from any thread.
template <class Sink>
class line_writer {
public:
    line_writer(Sink sink, std::size_t max_bytes)
        : sink_{std::move(sink)}, max_bytes_{max_bytes}, thread_{[this] { run(); }} {}
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    /// Writes what waits.
    ~line_writer() {
        {
            const std::lock_guard lock{mutex_};
            is_ending_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    /// Queues a line, which ends in a newline. False if it is lost.
    bool write(std::string_view line) {
        {
            const std::lock_guard lock{mutex_};
            if (waiting_.size() + line.size() > max_bytes_) {
                ++lost_;
                return false;
            }
            waiting_.append(line);
        }
        wake_.notify_one();
        return true;
    }

    /// Has the sink opened anew behind the lines that wait now.
    void reopen() {
        {
            const std::lock_guard lock{mutex_};
            reopen_at_ = waiting_.size();
        }
        wake_.notify_one();
    }

    /// Waits until all that was queued before has been written.
    void flush() {
        std::unique_lock lock{mutex_};
        idle_.wait(lock, [this] { return waiting_.empty() && !reopen_at_ && !is_busy_; });
    }

    /// Lines that did not fit or could not be written; of the latter, a batch counts as one.
    [[nodiscard]] std::uint64_t lost() const {
        const std::lock_guard lock{mutex_};
        return lost_;
    }

private:
    void run() {
        std::string lines;
        std::unique_lock lock{mutex_};
        for (;;) {
            wake_.wait(lock, [this] { return is_ending_ || reopen_at_ || !waiting_.empty(); });
            if (is_ending_ && waiting_.empty() && !reopen_at_) return;
            lines.clear();
            lines.swap(waiting_);
            const auto reopen_at = std::exchange(reopen_at_, std::nullopt);
            is_busy_ = true;
            lock.unlock();
            const auto failures = write_batch(lines, reopen_at);
            lock.lock();
            is_busy_ = false;
            lost_ += failures;
            if (waiting_.empty()) idle_.notify_all();
        }
    }

    /// How often writing failed.
    std::uint64_t write_batch(std::string_view lines, std::optional<std::size_t> reopen_at) {
        const auto write = [this](std::string_view part) {
            return part.empty() || sink_.write(part) ? 0u : 1u;
        };
        if (!reopen_at) return write(lines);
        const auto failures = write(lines.substr(0, *reopen_at));
        sink_.reopen();
        return failures + write(lines.substr(*reopen_at));
    }

    Sink sink_;
    std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::string waiting_;
    std::uint64_t lost_ = 0;
    std::optional<std::size_t> reopen_at_;  ///< of `waiting_`: what is before goes to the old
    bool is_busy_ = false;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace millrace::detail
