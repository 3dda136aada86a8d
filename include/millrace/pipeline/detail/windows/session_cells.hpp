#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>
#include <millrace/windows/session.hpp>

namespace millrace::detail {

/// One session of a key.
template <class Analyzer, class Firing = firing<>>
struct session_cell {
    window_bounds bounds{};
    [[no_unique_address]] Analyzer state{};
    [[no_unique_address]] event_tally<false> events{};
    [[no_unique_address]] cell_triggers<Firing, Analyzer> triggers{};
    timestamp queued{};           ///< when it is looked at next
    std::uint32_t published = 0;  ///< records of these bounds so far
    bool is_fired = false;
    bool is_changed = false;  ///< since the last of them
    bool is_given = false;    ///< to stages that count it

    template <class Archive>
    void archive(Archive& ar) {
        ar(bounds, state, triggers, published, is_fired, is_changed, is_given);
    }
};

/// What a session would be with one more event, and which sessions it takes the place of.
struct session_place {
    window_bounds bounds{};
    std::size_t first = 0;
    std::size_t last = 0;  ///< behind the last of them; as `first` where it is a new one
};

/// Where an event falls among the sessions of its key, which are in order and do not overlap.
template <class Cell>
[[nodiscard]] session_place place_in(const std::vector<Cell>& sessions,
                                     const millrace::session& window, timestamp time) {
    const auto end_of = [](const Cell& each) { return each.bounds.end; };
    const auto first = std::ranges::upper_bound(sessions, time, {}, end_of);
    const bool is_inside = first != sessions.end() && first->bounds.start <= time;
    const timestamp start = is_inside ? first->bounds.start : time;
    window_bounds bounds{start, window.end_of(start, time)};
    auto last = first;
    for (; last != sessions.end() && last->bounds.start < bounds.end; ++last) {
        if (last->bounds.end > window.last_end(start)) {
            bounds.end = last->bounds.start;
            break;
        }
        bounds.end = std::max(bounds.end, last->bounds.end);
    }
    const auto index = [&](auto at) { return static_cast<std::size_t>(at - sessions.begin()); };
    return {bounds, index(first), index(last)};
}

template <class Cell>
[[nodiscard]] bool are_sessions(const std::vector<Cell>& list) {
    for (std::size_t i = 0; i != list.size(); ++i) {
        if (list[i].bounds.start >= list[i].bounds.end) return false;
        if (i != 0 && list[i - 1].bounds.end > list[i].bounds.start) return false;
    }
    return true;
}

}  // namespace millrace::detail
