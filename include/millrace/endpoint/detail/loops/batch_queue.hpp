#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include <millrace/core/spsc_ring.hpp>
#include <millrace/endpoint/detail/loops/mailbox.hpp>

namespace millrace::detail {

/// Batches on their way from one loop to another, in order and in bounded memory. The loop that
/// takes them is woken once for all that wait; when there was no room, so is the one that fills.
template <class Batch>
class batch_queue : public std::enable_shared_from_this<batch_queue<Batch>> {
public:
    static constexpr std::size_t slots = 64;

    /// `take(Batch&)` is called in the loop of `to`. It clears what it is given, or is false: then
    /// the batch is kept for after `resume`. `on_room()` in the loop of `from`, once there is a
    /// batch to fill after there was none.
    batch_queue(std::shared_ptr<mailbox> from, std::shared_ptr<mailbox> to,
                std::function<bool(Batch&)> take, std::function<void()> on_room = {})
        : from_{std::move(from)},
          to_{std::move(to)},
          take_{std::move(take)},
          on_room_{std::move(on_room)} {}

    // In the loop that fills.

    /// The batch to fill, or null: then `on_room` is called.
    [[nodiscard]] Batch* back() {
        if (Batch* const free = ring_.back()) return free;
        wants_room_.exchange(true);
        return ring_.back();
    }

    /// Sends the batch that `back` gave.
    void push() {
        ring_.push();
        if (!is_due_.exchange(true)) wake();
    }

    // In the loop that takes.

    /// Whether nothing waits; in this loop only if both are one.
    [[nodiscard]] bool is_empty() { return ring_.front() == nullptr; }

    /// What waits is taken soon.
    void resume() {
        if (!is_due_.exchange(true)) wake();
    }

    /// Takes all that wait.
    void drain() {
        while (take_one()) {
        }
    }

    /// Nothing more is taken.
    void close() noexcept { is_closed_ = true; }

private:
    bool take_one() {
        Batch* const next = is_closed_ ? nullptr : ring_.front();
        if (next == nullptr) return false;
        if (!take_(*next)) return false;
        ring_.pop();
        if (wants_room_.exchange(false))
            from_->post([self = this->shared_from_this()] {
                if (self->on_room_) self->on_room_();
            });
        return true;
    }

    /// A round of the ring at most, for the loop has others to serve.
    void take_some() {
        is_due_.exchange(false);
        for (std::size_t i = 0; i != slots; ++i)
            if (!take_one()) return;
        if (!is_due_.exchange(true)) wake();
    }

    void wake() {
        to_->post([self = this->shared_from_this()] { self->take_some(); });
    }

    std::shared_ptr<mailbox> from_;
    std::shared_ptr<mailbox> to_;
    std::function<bool(Batch&)> take_;
    std::function<void()> on_room_;
    spsc_ring<Batch> ring_{slots};
    std::atomic<bool> is_due_{false};  ///< the loop that takes has been woken
    std::atomic<bool> wants_room_{false};
    bool is_closed_ = false;
};

}  // namespace millrace::detail
