#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/storage/row_queue.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

/// What `append` does when the queue to the writer is full.
enum class when_full {
    drop_oldest,  ///< drops the oldest row that waits: the newest results, and corrections, win
    drop_newest,  ///< refuses the new row: history stays without a gap up to the obstacle
    block,        ///< waits for the writer, up to `append_timeout`, then refuses the row
};

namespace detail {

struct writer_options {
    std::size_t queue_rows;
    std::size_t batch_rows;
    std::chrono::milliseconds batch_interval;
    when_full on_full;
    std::chrono::milliseconds append_timeout;
    std::chrono::milliseconds retry_interval;
    std::chrono::milliseconds max_retry_interval;
    std::chrono::milliseconds close_timeout;
};

struct write_result {
    std::error_code error{};    ///< nothing of the batch was written; it is to be tried again
    std::size_t refused = 0;    ///< rows that can never be written and were left out
    std::error_code refusal{};  ///< why
};

/// Hands rows in batches to a `Sink` on a thread of its own, from a bounded queue. Thread-safe.
///
/// `Sink` is called as `write_result sink(std::span<const Row>, const std::atomic<bool>& give_up)`,
/// writes all of a batch or nothing, and waits no longer once `give_up` is set. A batch that failed
/// is kept and tried again, after an interval that doubles up to a limit.
template <class Row, class Sink>
class background_writer {
public:
    /// @throws std::invalid_argument for a queue or a batch of no rows.
    background_writer(writer_options options, Sink sink)
        : options_{options}, sink_{std::move(sink)}, queue_{options.queue_rows} {
        if (options_.queue_rows == 0 || options_.batch_rows == 0) {
            throw std::invalid_argument{"storage: queue_rows and batch_rows must not be 0"};
        }
        options_.batch_rows = std::min(options_.batch_rows, options_.queue_rows);
        batch_.resize(options_.batch_rows);
        thread_ = std::thread{[this] { run(); }};
    }

    ~background_writer() { close(); }

    /// Takes a copy. errc::storage_queue_full when that, or this, cost a row.
    std::error_code append(const Row& row) {
        std::unique_lock lock{mutex_};
        const bool was_full = queue_.is_full();
        if (was_full && !make_room(lock)) {
            ++dropped_;
            return errc::storage_queue_full;
        }
        queue_.push(row);
        ++taken_;
        const std::size_t size = queue_.size();
        lock.unlock();
        if (size == 1 || size == options_.batch_rows) wake_.notify_one();
        if (was_full && options_.on_full == when_full::drop_oldest) return errc::storage_queue_full;
        return {};
    }

    /// Waits until every row taken so far is written or dropped, or an attempt to write that begins
    /// from now on has failed, whose error this gives.
    std::error_code flush() {
        std::unique_lock lock{mutex_};
        return settle(lock, [this](auto& held, auto done) { progress_.wait(held, done); });
    }

    /// The same, for a limited time: errc::timed_out after it. Where the latest attempt failed it
    /// does not wait, and gives that error.
    std::error_code settle(std::chrono::milliseconds timeout) {
        std::unique_lock lock{mutex_};
        if (is_failing_) return failure_;
        return settle(lock, [this, timeout](auto& held, auto done) {
            progress_.wait_for(held, timeout, done);
        });
    }

    [[nodiscard]] storage_stats stats() const {
        const std::lock_guard lock{mutex_};
        return {.appended = taken_,
                .dropped = dropped_,
                .errors = errors_,
                .pending = has_ended_ ? 0 : queue_.size() + in_batch_,
                .is_failing = is_failing_,
                .last_error = last_error_};
    }

    void count_error(std::error_code error) {
        const std::lock_guard lock{mutex_};
        ++errors_;
        last_error_ = error;
    }

    /// Writes what waits, for at most `close_timeout` beyond the attempt under way; what is then
    /// left is dropped. Ends the thread.
    void close() {
        if (!thread_.joinable()) return;
        std::unique_lock lock{mutex_};
        is_closing_ = must_retry_ = true;
        wake_.notify_one();
        progress_.notify_all();
        progress_.wait_for(lock, options_.close_timeout, [this] { return has_ended_; });
        give_up_ = true;
        wake_.notify_one();
        lock.unlock();
        thread_.join();
    }

private:
    /// The number of rows that were taken before the oldest in the queue.
    [[nodiscard]] std::uint64_t front() const { return taken_ - queue_.size(); }

    [[nodiscard]] bool is_settled(std::uint64_t rows) const {
        return front() >= rows && (in_batch_ == 0 || batch_front_ >= rows);
    }

    bool make_room(std::unique_lock<std::mutex>& lock) {
        switch (options_.on_full) {
            case when_full::drop_oldest:
                queue_.drop_oldest();
                ++dropped_;
                return true;
            case when_full::drop_newest: return false;
            case when_full::block: break;
        }
        progress_.wait_for(lock, options_.append_timeout,
                           [this] { return !queue_.is_full() || is_closing_; });
        return !queue_.is_full();
    }

    template <class Wait>
    std::error_code settle(std::unique_lock<std::mutex>& lock, Wait wait) {
        const std::uint64_t rows = taken_, attempt = attempts_ + 1;
        hurry_ = std::max(hurry_, rows);
        must_retry_ = true;
        wake_.notify_one();
        wait(lock, [&] { return is_settled(rows) || failed_attempt_ >= attempt || has_ended_; });
        if (is_settled(rows)) return {};
        return failed_attempt_ >= attempt ? failure_ : make_error_code(errc::timed_out);
    }

    void run() {
        std::unique_lock lock{mutex_};
        while (wait_for_rows(lock)) {
            if (in_batch_ == 0) take_batch();
            write_batch(lock);
        }
        dropped_ += queue_.size() + in_batch_;
        has_ended_ = true;
        progress_.notify_all();
    }

    /// False when the thread is to end.
    bool wait_for_rows(std::unique_lock<std::mutex>& lock) {
        if (in_batch_ > 0) {
            wake_.wait_for(lock, retry_after_, [this] { return must_retry_ || give_up_; });
            return !give_up_;
        }
        wake_.wait(lock, [this] { return queue_.size() > 0 || is_closing_; });
        wake_.wait_for(lock, options_.batch_interval, [this] {
            return queue_.size() >= options_.batch_rows || front() < hurry_ || is_closing_;
        });
        return queue_.size() > 0 && !give_up_;
    }

    void take_batch() {
        batch_front_ = front();
        in_batch_ = queue_.take(batch_);
        progress_.notify_all();
    }

    void write_batch(std::unique_lock<std::mutex>& lock) {
        const std::uint64_t attempt = ++attempts_;
        must_retry_ = false;
        lock.unlock();
        const write_result result = sink_(std::span<const Row>{batch_.data(), in_batch_}, give_up_);
        lock.lock();
        if (result.error) {
            ++errors_;
            last_error_ = failure_ = result.error;
            failed_attempt_ = attempt;
            retry_after_ = is_failing_ ? std::min(retry_after_ * 2, options_.max_retry_interval)
                                       : options_.retry_interval;
        } else {
            errors_ += result.refused;
            dropped_ += result.refused;
            if (result.refused > 0) last_error_ = result.refusal;
            in_batch_ = 0;
        }
        is_failing_ = static_cast<bool>(result.error);
        progress_.notify_all();
    }

    writer_options options_;
    Sink sink_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;      ///< the thread waits: rows, hurry, retry or the end
    std::condition_variable progress_;  ///< others wait: room, rows written, an attempt failed
    row_queue<Row> queue_;
    std::vector<Row> batch_;
    std::size_t in_batch_ = 0;
    std::uint64_t batch_front_ = 0;
    std::uint64_t taken_ = 0, dropped_ = 0, errors_ = 0;
    std::uint64_t attempts_ = 0, failed_attempt_ = 0;
    std::uint64_t hurry_ = 0;
    std::error_code failure_, last_error_;
    std::chrono::milliseconds retry_after_{};
    bool is_failing_ = false, must_retry_ = false, is_closing_ = false, has_ended_ = false;
    std::atomic<bool> give_up_ = false;
    std::thread thread_;
};

}  // namespace detail
}  // namespace millrace
