#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <millrace/core/record.hpp>

namespace millrace::detail {

/// One key's state over one window.
template <class Analyzer>
struct window_cell {
    window_bounds bounds{};
    Analyzer state{};
    std::uint32_t revision = 0;
    bool is_fired = false;

    [[nodiscard]] bool is_open() const noexcept { return bounds.start < bounds.end && !is_fired; }
    [[nodiscard]] bool takes(timestamp time) const noexcept {
        return bounds.start <= time && time < bounds.end && !is_fired;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(bounds, state, revision, is_fired);
    }
};

/// One key's windows. The newest one, which takes nearly every event, is kept in place.
template <class Key, class Analyzer>
struct window_slot {
    using cell = window_cell<Analyzer>;

    cell newest{};
    std::vector<cell> older{};  // ascending
    Key key{};
    timestamp latest = timestamp::min();     // only with a time of its own
    timestamp watermark = timestamp::min();  // likewise
    timestamp last_input{};                  // wall time, likewise

    [[nodiscard]] bool has_windows() const noexcept {
        return newest.bounds.start < newest.bounds.end || !older.empty();
    }

    [[nodiscard]] cell* find(window_bounds bounds) noexcept {
        if (newest.bounds == bounds) return &newest;
        for (cell& each : older) {
            if (each.bounds == bounds) return &each;
        }
        return nullptr;
    }

    [[nodiscard]] cell* find_by_end(timestamp end) noexcept {
        if (newest.bounds.end == end && newest.bounds.start < end) return &newest;
        for (cell& each : older) {
            if (each.bounds.end == end) return &each;
        }
        return nullptr;
    }

    cell& open(window_bounds bounds) {
        const bool has_newest = newest.bounds.start < newest.bounds.end;
        if (!has_newest || bounds.start > newest.bounds.start) {
            if (has_newest) older.push_back(std::move(newest));
            newest = cell{bounds};
            return newest;
        }
        const auto at = std::ranges::find_if(
            older, [&](const cell& each) { return each.bounds.start > bounds.start; });
        return *older.insert(at, cell{bounds});
    }

    void drop(cell& gone) {
        if (&gone == &newest) {
            newest = cell{};
        } else {
            older.erase(older.begin() + (&gone - older.data()));
        }
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(newest, older, key, latest, watermark, last_input);
    }
};

}  // namespace millrace::detail
