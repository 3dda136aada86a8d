#pragma once

#include <cstdint>
#include <set>

namespace millrace::detail {

/// The events of open batches at which something threw: an event fails once, in however many
/// branches, at once or after it has waited.
class failed_events {
public:
    /// One more event is pushed.
    void begin_event() noexcept { ++in_hand_; }
    /// The number of the event that is being pushed.
    [[nodiscard]] std::uint64_t in_hand() const noexcept { return in_hand_; }

    /// Whether it had not failed before; where there is no memory to tell, it had not.
    [[nodiscard]] bool note(std::uint64_t event) noexcept {
        try {
            return failed_.insert(event).second;
        } catch (...) {
            return true;
        }
    }

    [[nodiscard]] bool empty() const noexcept { return failed_.empty(); }

    /// Of those that were pushed before this one nothing waits.
    void forget_before(std::uint64_t event) noexcept {
        failed_.erase(failed_.begin(), failed_.lower_bound(event));
    }

private:
    std::uint64_t in_hand_ = 0;
    std::set<std::uint64_t> failed_;
};

}  // namespace millrace::detail
