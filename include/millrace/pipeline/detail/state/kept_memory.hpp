#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include <millrace/core/owned_views.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// Keeps events, those with views of text in the memory of some that have gone: where about as many
/// go as come, nothing is allocated.
template <class Event>
class kept_memory {
public:
    /// What is spare takes a sixteenth of this at most, and no more than 256 KB.
    explicit kept_memory(std::size_t byte_limit) noexcept
        : most_bytes_{std::min<std::size_t>(byte_limit / 16, 256 * 1024)} {}

    [[nodiscard]] kept_event<Event> keep(const Event& one) {
        if constexpr (has_views_to_own<Event>) {
            if (!spares_.empty()) {
                kept_event<Event> again = std::move(spares_.back());
                spares_.pop_back();
                bytes_ -= again.bytes();
                again.assign(one);
                return again;
            }
        }
        return kept_event<Event>{one};
    }

    void give_back([[maybe_unused]] kept_event<Event>&& gone) noexcept {
        if constexpr (has_views_to_own<Event>) {
            const std::size_t bytes = gone.bytes();
            if (bytes_ + bytes > most_bytes_) return;
            try {
                spares_.push_back(std::move(gone));
                bytes_ += bytes;
            } catch (const std::bad_alloc&) {  // it is spare
            }
        }
    }

    /// What the spare ones take.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    std::size_t most_bytes_;
    std::vector<kept_event<Event>> spares_;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::detail
