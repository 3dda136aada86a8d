#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <millrace/pipeline/detail/graph/wake_up.hpp>
#include <millrace/pipeline/detail/parallel/progress_count.hpp>

namespace millrace::detail {

/// How the loops of a section tell the thread which drives the pipeline that they have got further:
/// it may wait for that, or has to be called.
class section_news {
public:
    explicit section_news(std::shared_ptr<wake_up> driver) : driver_{std::move(driver)} {}

    // From any loop.

    void operator()() noexcept {
        progress_.advance();
        if (is_told_.exchange(true)) return;
        try {
            (*driver_)();
        } catch (...) {
            is_told_ = false;  // it is told with the next
        }
    }

    // In the thread of the pipeline.

    /// What comes from now on is news.
    void look() noexcept { is_told_.exchange(false); }
    [[nodiscard]] const progress_count& progress() const noexcept { return progress_; }

private:
    std::shared_ptr<wake_up> driver_;
    progress_count progress_;
    std::atomic<bool> is_told_ = false;
};

}  // namespace millrace::detail
