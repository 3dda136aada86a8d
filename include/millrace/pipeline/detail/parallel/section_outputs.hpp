#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/core/spsc_ring.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/parallel/call_list.hpp>
#include <millrace/pipeline/detail/parallel/observed_lock.hpp>
#include <millrace/pipeline/detail/parallel/progress_count.hpp>
#include <millrace/pipeline/detail/parallel/section_news.hpp>

namespace millrace::detail {

/// What a loop of a section gives, on its way to the thread that drives the pipeline. Where order
/// counts there is one list of it for each batch; else also one as soon as there is much. The loop
/// waits while too many lists are on their way.
/// @tparam Exit a `section_exit`
template <class Exit>
class section_outputs {
public:
    using list_type = call_list<Exit>;
    struct rise {
        std::uint64_t cause;
        timestamp to;
        trigger why;
    };
    struct slot {
        list_type calls{};
        /// Where order counts, of one loop for all: all of them are told the same.
        std::vector<rise> rises{};
        bool ends_turn = false;  ///< behind them the loop has been told what all are told
    };

    /// @param busy the loop holds it; it is let go to wait
    section_outputs(std::size_t loop, section_news& news, progress_count& work, observed_lock& busy)
        : loop_{loop}, news_{news}, work_{work}, busy_{busy} {}

    // In the loop's thread.

    /// What is given from now on is for this.
    void set_cause(std::uint64_t cause) noexcept { cause_ = cause; }

    /// @param rank where it stands among what has the same cause
    /// @param make gives what is called with the exit: `make(texts)`, and keeps there what it
    /// refers to
    template <class Make>
    void put(std::size_t rank, const Make& make) {
        busy_.let_in();
        if (!Exit::is_ordered && current().calls.size() >= max_calls) {
            hand_over(false);
            busy_.unlock();
            news_();
            busy_.lock();
        }
        tell_watermark();
        list_type& to = current().calls;
        to.add({cause_, rank}, make(to.texts()));
    }

    void set_watermark(timestamp to, trigger why) {
        if constexpr (!Exit::is_ordered) {
            rise_ = {cause_, to, why};
        } else if (loop_ == 0) {
            current().rises.push_back({cause_, to, why});
        }
    }

    /// Of what is handed over then the loop gives the news.
    /// @param ends_turn whether the loop has been told what all are told
    void end_batch(bool ends_turn) noexcept {
        try {
            tell_watermark();
        } catch (...) {
            // There is no memory: it is told with what comes next.
        }
        if (!Exit::is_ordered && slot_ == nullptr && !ends_turn) return;
        static_cast<void>(current());
        hand_over(ends_turn);
    }

    // From any thread.

    /// It waits no more, and what it gives is lost.
    void stop() noexcept {
        is_stopped_ = true;
        work_.advance();
    }
    [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }

    // In the thread of the pipeline.

    [[nodiscard]] slot* front() noexcept { return ring_.front(); }
    void pop() noexcept {
        ring_.front()->calls.clear();
        ring_.front()->rises.clear();
        ring_.pop();
        work_.advance();
    }

private:
    static constexpr std::size_t slots = 16;
    static constexpr std::size_t max_calls = 1024;
    static constexpr std::size_t last_rank = std::numeric_limits<std::size_t>::max();

    void tell_watermark() {
        if (!rise_) return;
        current().calls.add({rise_->cause, last_rank}, [loop = loop_, told = *rise_](Exit& exit) {
            exit.note_watermark(loop, told.to, told.why);
        });
        rise_.reset();
    }

    /// That is being filled.
    [[nodiscard]] slot& current() noexcept {
        while (slot_ == nullptr) {
            const std::uint32_t seen = work_.now();
            slot_ = is_stopped_ ? &lost_ : ring_.back();
            if (slot_ != nullptr) break;
            busy_.unlock();
            work_.wait(seen);
            busy_.lock();
        }
        return *slot_;
    }

    void hand_over(bool ends_turn) noexcept {
        slot_->ends_turn = ends_turn;
        if (std::exchange(slot_, nullptr) == &lost_) {
            lost_.calls.clear();
            lost_.rises.clear();
        } else {
            ring_.push();
        }
    }

    std::size_t loop_;
    section_news& news_;
    progress_count& work_;
    observed_lock& busy_;
    spsc_ring<slot> ring_{slots};
    slot lost_;
    slot* slot_ = nullptr;
    std::uint64_t cause_ = 0;
    std::optional<rise> rise_;
    std::atomic<bool> is_stopped_ = false;
};

}  // namespace millrace::detail
