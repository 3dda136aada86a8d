#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/timestamp.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/sorted_rows.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/state/kept_memory.hpp>

namespace millrace::detail {

/// One event that waits for its partners.
template <class Event>
struct held_row {
    timestamp time{};
    bool is_matched = false;
    kept_event<Event> event{};

    template <class Archive>
    void archive(Archive& ar) {
        ar(time, is_matched, event);
    }
};

template <class Event>
using held_rows = sorted_rows<held_row<Event>>;

/// What a join holds of one side, in the rows of its keys, and how much that may be.
template <class Event>
class held_side {
public:
    explicit held_side(const max_held& limit) noexcept : limit_{limit}, memory_{limit.bytes} {}

    [[nodiscard]] bool has_room_for(const Event& one) const {
        return count_ < limit_.events && bytes_ + kept_event<Event>::bytes_of(one) <= limit_.bytes;
    }
    held_row<Event>& add(held_rows<Event>& to, const Event& one, timestamp time) {
        held_row<Event>& added = to.insert({time, false, memory_.keep(one)});
        ++count_;
        bytes_ += added.event.bytes();
        return added;
    }
    /// The first one goes.
    void pop_front(held_rows<Event>& from) {
        kept_event<Event> gone = std::move(from.front().event);
        from.pop_front();
        --count_;
        bytes_ -= gone.bytes();
        memory_.give_back(std::move(gone));
    }
    void drop_all(held_rows<Event>& from) {
        while (!from.empty()) pop_front(from);
    }
    /// Where rows were loaded.
    void count(const held_row<Event>& loaded) {
        ++count_;
        bytes_ += loaded.event.bytes();
    }
    void clear() noexcept { count_ = bytes_ = 0; }

    /// What the rows take.
    [[nodiscard]] std::size_t bytes() const noexcept {
        constexpr std::size_t beside = sizeof(held_row<Event>) - sizeof(kept_event<Event>);
        return bytes_ + count_ * beside + memory_.bytes();
    }

private:
    max_held limit_;
    kept_memory<Event> memory_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::detail
