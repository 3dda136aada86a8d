#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/graph/wake_up.hpp>

namespace millrace::detail {

/// The answers that have come from other threads and are not taken yet: no more than there are
/// open questions.
template <class Answer>
class answer_box {
public:
    struct entry {
        std::uint64_t question;
        std::optional<Answer> answer;
    };

    explicit answer_box(std::shared_ptr<wake_up> driver) : driver_{std::move(driver)} {}

    // From any thread.

    void put(std::uint64_t question, std::optional<Answer> answer) {
        bool is_first;
        {
            const std::lock_guard lock{mutex_};
            is_first = entries_.empty();
            entries_.push_back({question, std::move(answer)});
            has_some_ = true;
        }
        if (!is_first) return;
        has_come_.notify_one();
        (*driver_)();
    }

    // In the thread of the pipeline.

    /// All that have come, in the order in which they did, in place of what `into` holds.
    void take(std::vector<entry>& into) {
        into.clear();
        if (!has_some_) return;
        const std::lock_guard lock{mutex_};
        entries_.swap(into);
        has_some_ = false;
    }

    /// Until one has come, or so much time is over.
    void wait_for(duration longest) {
        std::unique_lock lock{mutex_};
        has_come_.wait_for(lock, longest, [this] { return !entries_.empty(); });
    }

private:
    std::shared_ptr<wake_up> driver_;
    std::mutex mutex_;
    std::condition_variable has_come_;
    std::vector<entry> entries_;
    std::atomic<bool> has_some_ = false;
};

}  // namespace millrace::detail
