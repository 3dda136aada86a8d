#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include <millrace/core/schema.hpp>

namespace millrace::detail {

/// Whether events can cross to another loop: copies of which each view is known.
template <class Event>
concept portable_event = std::copy_constructible<Event> && described<Event>;

/// Keeps texts where they do not move, until it is cleared.
class text_arena {
public:
    static constexpr std::size_t chunk_bytes = 16 * 1024;

    [[nodiscard]] std::string_view keep(std::string_view text) {
        if (text.empty()) return {};
        if (text.size() > free_bytes_) add_chunk(text.size());
        char* const to = free_;
        std::memcpy(to, text.data(), text.size());
        free_ += text.size();
        free_bytes_ -= text.size();
        return {to, text.size()};
    }

    /// Keeps one chunk for what comes next.
    void clear() noexcept {
        if (chunks_.empty()) return;
        chunks_.resize(1);
        free_ = chunks_.front().get();
        free_bytes_ = chunk_bytes;
    }

private:
    void add_chunk(std::size_t at_least) {
        // The first is of the usual size, for it is used again.
        if (chunks_.empty() && at_least > chunk_bytes) add_chunk(chunk_bytes);
        const std::size_t size = at_least > chunk_bytes ? at_least : chunk_bytes;
        chunks_.push_back(std::make_unique<char[]>(size));
        free_ = chunks_.back().get();
        free_bytes_ = size;
    }

    std::vector<std::unique_ptr<char[]>> chunks_;
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
};

/// Events of whole messages, on their way to the loop of their pipeline.
template <portable_event Event>
struct event_batch {
    std::vector<Event> events;
    std::uint64_t rejected = 0;  ///< events that the codec refused

    /// Copies an event and what its views refer to.
    void keep(const Event& one) {
        Event& copy = events.emplace_back(one);
        schema<Event>.for_each([&](const auto& field) {
            auto& value = copy.*field.member;
            using value_type = std::remove_cvref_t<decltype(value)>;
            if constexpr (std::same_as<value_type, std::string_view>) {
                value = texts_.keep(value);
            } else if constexpr (std::same_as<value_type, std::optional<std::string_view>>) {
                if (value) value = texts_.keep(*value);
            }
        });
    }

    [[nodiscard]] bool empty() const noexcept { return events.empty() && rejected == 0; }

    void clear() noexcept {
        if (events.capacity() > max_idle_events) std::vector<Event>{}.swap(events);
        events.clear();
        rejected = 0;
        texts_.clear();
    }

private:
    static constexpr std::size_t max_idle_events = 4096;

    text_arena texts_;
};

}  // namespace millrace::detail
