#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/log.hpp>
#include <millrace/storage/row_queue.hpp>
#include <millrace/storage/storage.hpp>
#include <millrace/storage/writer_options.hpp>

namespace millrace::detail {

/// Hands rows in batches to a `Sink` on a thread of its own, from a bounded queue. Thread-safe.
///
/// `Sink` is called as `write_result sink(std::span<const Row>, const std::atomic<bool>& give_up)`,
/// writes all of a batch or nothing, and waits no longer once `give_up` is set. A batch that failed
/// is kept and tried again, after an interval that doubles up to a limit. A sink may also have
/// `write_result upkeep(give_up)`, called behind each batch and about once a second without one.
///
/// The log is told when writing begins to fail or fails in another way, when rows begin to be
/// dropped, when either is over, and at the end of rows that were lost; of rows that were refused
/// as often as their number doubles.
template <class Row, class Sink>
class background_writer {
public:
    /// @throws std::invalid_argument for a queue or a batch of no rows.
    background_writer(writer_options options, Sink sink)
        : options_{std::move(options)}, sink_{std::move(sink)}, queue_{options_.queue_rows} {
        require_positive("queue_rows", options_.queue_rows, "storage");
        require_positive("batch_rows", options_.batch_rows, "storage");
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
            count_dropped(lock);
            return errc::storage_queue_full;
        }
        queue_.push(row);
        ++taken_;
        const std::size_t size = queue_.size();
        const bool has_dropped = was_full && options_.on_full == when_full::drop_oldest;
        if (has_dropped) count_dropped(lock);
        lock.unlock();
        if (size == 1 || size == options_.batch_rows) wake_.notify_one();
        return has_dropped ? make_error_code(errc::storage_queue_full) : std::error_code{};
    }

    /// Where the options have no log.
    void log_to(const log_hook& hook) {
        const std::lock_guard lock{mutex_};
        if (!options_.log) options_.log = hook;
    }

    /// Whether a quarter of the queue is free; also while writing fails, for then `on_full` is to
    /// decide what is lost, and nobody to wait.
    [[nodiscard]] bool has_room() const {
        const std::lock_guard lock{mutex_};
        return is_failing_ || queue_.size() < options_.queue_rows - options_.queue_rows / 4;
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
                .removals = removals_,
                .is_failing = static_cast<bool>(trouble()),
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
            case when_full::drop_oldest: queue_.drop_oldest(); return true;
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
            if (in_batch_ > 0) write_batch(lock);
            if (in_batch_ == 0) keep_up(lock);
        }
        const std::uint64_t lost = queue_.size() + in_batch_;
        dropped_ += lost;
        has_ended_ = true;
        progress_.notify_all();
        if (lost > 0)
            tell(lock, log_severity::error, log_event::storage_failed,
                 "closed before " + std::to_string(lost) + " rows were durable: they are lost");
    }

    /// False when the thread is to end.
    bool wait_for_rows(std::unique_lock<std::mutex>& lock) {
        if (in_batch_ > 0) {
            wake_.wait_for(lock, retry_after_, [this] { return must_retry_ || give_up_; });
            return !give_up_;
        }
        const auto has_work = [this] { return queue_.size() > 0 || is_closing_; };
        if constexpr (has_upkeep) {
            if (!wake_.wait_for(lock, upkeep_interval, has_work)) return true;
        } else {
            wake_.wait(lock, has_work);
        }
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
        const std::error_code before = trouble();
        if (result.error) {
            ++errors_;
            last_error_ = failure_ = result.error;
            failed_attempt_ = attempt;
            retry_after_ = is_failing_ ? std::min(retry_after_ * 2, options_.max_retry_interval)
                                       : options_.retry_interval;
        } else {
            errors_ += result.refused;
            dropped_ += result.refused;
            refused_ += result.refused;
            if (result.refused > 0) last_error_ = result.refusal;
            in_batch_ = 0;
        }
        is_failing_ = static_cast<bool>(result.error);
        progress_.notify_all();
        tell_change(lock, before, result, "rows wait until it works again");
        tell_refusals(lock, result);
        tell_end_of_drops(lock);
    }

    void keep_up(std::unique_lock<std::mutex>& lock) {
        if constexpr (has_upkeep) {
            lock.unlock();
            const write_result result = sink_.upkeep(give_up_);
            lock.lock();
            const std::error_code before = trouble();
            upkeep_failure_ = result.error;
            if (result.error && result.error != before) {
                ++errors_;
                last_error_ = result.error;
            }
            tell_change(lock, before, result, "it is tried again");
        }
    }

    void count_dropped(std::unique_lock<std::mutex>& lock) {
        ++dropped_;
        if (dropped_since_++ > 0) return;
        tell(lock, log_severity::error, log_event::storage_failed,
             "the queue is full, rows are dropped");
    }

    void tell_end_of_drops(std::unique_lock<std::mutex>& lock) {
        if (is_failing_ || dropped_since_ == 0 || queue_.size() > options_.queue_rows / 2) return;
        const std::uint64_t dropped = std::exchange(dropped_since_, 0);
        tell(lock, log_severity::warning, log_event::storage_recovered,
             "the queue has room again, " + std::to_string(dropped) + " rows were dropped");
    }

    /// What is wrong at the moment.
    [[nodiscard]] std::error_code trouble() const {
        return is_failing_ ? failure_ : upkeep_failure_;
    }

    void tell_change(std::unique_lock<std::mutex>& lock, std::error_code before,
                     const write_result& now, const std::string& what_now) {
        const std::error_code trouble_now = trouble();
        if (trouble_now == before) return;
        if (trouble_now == errc::storage_removed) ++removals_;
        if (!trouble_now)
            return tell(lock, log_severity::info, log_event::storage_recovered, "works again");
        tell(lock, log_severity::error, log_event::storage_failed,
             described(trouble_now, now) + "; " + what_now);
    }

    void tell_refusals(std::unique_lock<std::mutex>& lock, const write_result& now) {
        if (refused_ == 0 || refused_ < 2 * refused_told_) return;
        refused_told_ = refused_;
        tell(lock, log_severity::error, log_event::storage_failed,
             described(now.refusal, now) + "; " + std::to_string(refused_) +
                 " rows were refused so far, and dropped");
    }

    static std::string described(std::error_code error, const write_result& of) {
        return of.text.empty() ? error.message() : of.text;
    }

    /// Without the lock, for the one who listens may ask for `stats`.
    void tell(std::unique_lock<std::mutex>& lock, log_severity level, log_event what,
              const std::string& message) {
        if (!options_.log) return;
        const log_hook log = options_.log;
        const std::string line = options_.name + ": " + message;
        lock.unlock();
        try {
            log({level, what, 0, line});
        } catch (...) {
            lock.lock();
            ++errors_;
            last_error_ = errc::handler_failed;
            return;
        }
        lock.lock();
    }

    static constexpr bool has_upkeep = requires(Sink & sink, const std::atomic<bool>& give_up) {
        sink.upkeep(give_up);
    };
    static constexpr std::chrono::seconds upkeep_interval{1};

    writer_options options_;
    Sink sink_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;      ///< the thread waits: rows, hurry, retry or the end
    std::condition_variable progress_;  ///< others wait: room, rows written, an attempt failed
    row_queue<Row> queue_;
    std::vector<Row> batch_;
    std::size_t in_batch_ = 0;
    std::uint64_t batch_front_ = 0;
    std::uint64_t taken_ = 0, dropped_ = 0, errors_ = 0, refused_ = 0, removals_ = 0;
    std::uint64_t dropped_since_ = 0;  ///< the log was told that rows are dropped
    std::uint64_t refused_told_ = 0;
    std::uint64_t attempts_ = 0, failed_attempt_ = 0;
    std::uint64_t hurry_ = 0;
    std::error_code failure_, upkeep_failure_, last_error_;
    std::chrono::milliseconds retry_after_{};
    bool is_failing_ = false, must_retry_ = false, is_closing_ = false, has_ended_ = false;
    std::atomic<bool> give_up_ = false;
    std::thread thread_;
};

}  // namespace millrace::detail
