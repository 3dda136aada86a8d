#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>

namespace millrace::detail {

/// Where a cell is found: its window, and the number of a slot.
struct interval_place {
    timestamp end;
    timestamp start;
    std::uint32_t number;

    friend auto operator<=>(const interval_place&, const interval_place&) = default;
};

/// The cells that hold what no record has said, by when they are due by the wall's clock. Each
/// stands in it once, and is moved on only when the time comes at which it was due before. Those
/// that have gone are forgotten as soon as they are most of it, once a reading of the clock.
class interval_queue {
    using interval = cell_interval<true>;

public:
    /// The cell has taken in an event.
    /// @param place gives its place
    template <class PlaceOf>
    void note(interval& of, duration length, PlaceOf&& place) {
        if (of.due != interval::never) return;
        of.due = wall_ == timestamp::min() ? interval::unknown : saturated_add(wall_, length);
        if (of.queued == interval::never) push(of, place());
    }

    void read(timestamp now) noexcept { wall_ = std::max(wall_, now); }

    /// Calls `give(place, cell)` for those that are due, while `may_fire()`; false where it is put
    /// off.
    /// @param find gives a pointer to the open cell of a place, or null
    template <class Find, class MayFire, class Give>
    bool fire(duration length, Find&& find, MayFire&& may_fire, Give&& give) {
        if (heap_.size() > 2 * in_use_ + few) forget_gone(find);
        while (!heap_.empty() && heap_.front().at <= wall_) {
            const entry first = heap_.front();
            auto* const of = find(first.place);
            if (!is_in_use(first, of)) {
                pop();
                continue;
            }
            interval& when = of->triggers.interval;
            if (when.due == interval::unknown) when.due = saturated_add(wall_, length);
            if (when.due > wall_) {
                pop();
                when.queued = interval::never;
                if (when.due != interval::never) push(when, first.place);
                continue;
            }
            if (!may_fire()) return false;
            pop();
            when.queued = interval::never;
            give(first.place, *of);
        }
        return true;
    }

    /// Of a cell that was loaded.
    void restore(interval& of, const interval_place& place) {
        if (of.due != interval::never) push(of, place);
    }
    void clear() noexcept { heap_.clear(); }

    [[nodiscard]] std::size_t bytes() const noexcept { return heap_.capacity() * sizeof(entry); }

    template <class Archive>
    void archive(Archive& ar) {
        ar(wall_);
        if constexpr (Archive::is_loading) clear();
    }

private:
    struct entry {
        timestamp at;
        interval_place place;

        friend auto operator<=>(const entry&, const entry&) = default;
    };

    static constexpr std::size_t few = 1024;

    template <class Cell>
    static bool is_in_use(const entry& one, const Cell* of) noexcept {
        return of != nullptr && of->triggers.interval.queued == one.at;
    }

    template <class Find>
    void forget_gone(Find&& find) {
        std::erase_if(heap_, [&](const entry& one) { return !is_in_use(one, find(one.place)); });
        std::ranges::make_heap(heap_, std::greater<>{});
        if (heap_.size() < heap_.capacity() / 4) heap_.shrink_to_fit();
        in_use_ = heap_.size();
    }

    void push(interval& of, const interval_place& place) {
        of.queued = of.due;
        heap_.push_back({of.due, place});
        std::ranges::push_heap(heap_, std::greater<>{});
    }
    void pop() {
        std::ranges::pop_heap(heap_, std::greater<>{});
        heap_.pop_back();
    }

    std::vector<entry> heap_;
    std::size_t in_use_ = 0;  // when it was last looked
    timestamp wall_ = timestamp::min();
};

/// In whose place there is none.
struct no_intervals {
    [[nodiscard]] static constexpr std::size_t bytes() noexcept { return 0; }
    template <class Archive>
    void archive(Archive&) noexcept {}
};

}  // namespace millrace::detail
