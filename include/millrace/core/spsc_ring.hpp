#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace millrace {

/// A bounded queue from one thread to one other, whose slots are filled in place and used again, so
/// that what a slot has allocated is there for the next round. No call waits or takes a lock.
///
/// Memory: `slots` times a `Slot`, and what they hold.
template <class Slot>
class spsc_ring {
public:
    explicit spsc_ring(std::size_t slots) : slots_(slots) {}

    /// The slot to fill, or null while all are full. For the thread that fills.
    [[nodiscard]] Slot* back() noexcept {
        const std::size_t end = end_.load(std::memory_order_relaxed);
        if (end - begin_.load(std::memory_order_acquire) == slots_.size()) return nullptr;
        return &slots_[end % slots_.size()];
    }

    /// Hands the slot that `back` gave to the other thread.
    void push() noexcept {
        end_.store(end_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// The oldest full slot, or null if there is none. For the thread that empties.
    [[nodiscard]] Slot* front() noexcept {
        const std::size_t begin = begin_.load(std::memory_order_relaxed);
        if (begin == end_.load(std::memory_order_acquire)) return nullptr;
        return &slots_[begin % slots_.size()];
    }

    /// Gives the slot that `front` gave back, to be filled again.
    void pop() noexcept {
        begin_.store(begin_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

private:
    static constexpr std::size_t cache_line_bytes = 64;

    std::vector<Slot> slots_;
    alignas(cache_line_bytes) std::atomic<std::size_t> begin_{0};
    alignas(cache_line_bytes) std::atomic<std::size_t> end_{0};
};

}  // namespace millrace
