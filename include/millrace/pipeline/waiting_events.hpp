#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include <millrace/core/owned_views.hpp>

namespace millrace::detail {

/// Whether a copy of an event is as good as the event, and cheap, after the event has gone.
template <class Event>
consteval bool may_wait() {
    if constexpr (described<Event> && std::is_trivially_copyable_v<Event> &&
                  std::default_initializable<Event>) {
        return sizeof(Event) <= 64 && can_own_views<Event>() && !has_views<Event>();
    } else {
        return false;
    }
}

/// The latest events of a batch, which wait for the slots of their keys to be brought near: what
/// memory takes to answer is waited for once for all of them.
template <class Event>
class waiting_events {
public:
    bool is_on = false;  ///< whether the next event is to wait

    /// False where one more has no room.
    template <class Table>
    [[nodiscard]] bool add(const Table& table, std::size_t hash, const Event& one) noexcept {
        table.prefetch_index(hash);
        hashes_[count_] = hash;
        events_[count_] = one;
        return ++count_ < max_events;
    }

    /// Calls `f(hash, event)` for each, in order. What is thrown waits for `rethrow`.
    template <class Table, class F>
    void apply(const Table& table, F&& f) noexcept {
        for (std::size_t i = 0; i < count_; ++i) table.prefetch_slot(hashes_[i]);
        for (std::size_t i = 0; i < count_; ++i) {
            try {
                f(hashes_[i], events_[i]);
            } catch (...) {
                ++failures_;
                if (!failure_) failure_ = std::current_exception();
            }
        }
        count_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    /// Throws once for each event at which something threw, always the first exception.
    void rethrow() {
        if (failures_ == 0) return;
        if (--failures_ != 0) std::rethrow_exception(failure_);
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }

private:
    static constexpr std::size_t max_events = 32;

    std::array<std::size_t, max_events> hashes_{};
    std::array<Event, max_events> events_{};
    std::size_t count_ = 0;
    std::size_t failures_ = 0;
    std::exception_ptr failure_;
};

/// In whose place none waits.
struct no_waiting_events {};

}  // namespace millrace::detail
