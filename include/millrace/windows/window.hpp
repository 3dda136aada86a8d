#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The Window policy: which spans of event time an event belongs to. The least that one needs:
///
/// | member                         | meaning                                                  |
/// |--------------------------------|----------------------------------------------------------|
/// | `window_bounds assign(timestamp) const` | the half-open span that holds the time          |
/// | `describe(to) const`, optional | its kind and settings, see millrace/core/stage.hpp        |
template <class W>
concept window_assigner = std::copyable<W> && requires(const W& assigner, timestamp time) {
    { assigner.assign(time) } -> std::same_as<window_bounds>;
};

/// What `window` takes: an assigner, or a kind of windows that is not by the event's time alone,
/// which has a member type `is_window_kind` and a node of its own (and `bounds_type`, where its
/// records say more of a window than its bounds).
template <class W>
concept window_kind_of = window_assigner<W> || requires {
    typename W::is_window_kind;
};

namespace detail {

/// Whether a size is positive, and nanoseconds can hold it.
template <class Rep, class Period>
constexpr bool is_positive_duration(std::chrono::duration<Rep, Period> size) {
    using whole = std::chrono::duration<std::int64_t, Period>;
    return size > size.zero() && size <= std::chrono::duration_cast<whole>(duration::max());
}

}  // namespace detail

}  // namespace millrace
