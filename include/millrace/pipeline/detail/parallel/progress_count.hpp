#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::detail {

/// How one waits for what others do: look how far they are, look whether it is done, wait for them
/// to be further.
class progress_count {
public:
    [[nodiscard]] std::uint32_t now() const noexcept {
        return count_.load(std::memory_order_acquire);
    }
    void advance() noexcept {
        count_.fetch_add(1, std::memory_order_acq_rel);
        count_.notify_all();
    }
    void wait(std::uint32_t seen) const noexcept { count_.wait(seen, std::memory_order_acquire); }

private:
    std::atomic<std::uint32_t> count_ = 0;
};

}  // namespace millrace::detail
