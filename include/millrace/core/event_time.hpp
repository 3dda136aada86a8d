#pragma once

#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// An event that says when it happened: by a field `event_time`, or, for a record of a previous
/// stage, by the start of its window.
template <class Event>
concept timed =
    has_role<Event, field_role::event_time> || has_role<Event, field_role::window_start>;

template <timed Event>
[[nodiscard]] constexpr timestamp time_of(const Event& event) {
    if constexpr (has_role<Event, field_role::event_time>) {
        return field_of<field_role::event_time>(event);
    } else {
        return field_of<field_role::window_start>(event);
    }
}

namespace detail {

/// The event's time; the same for all that have none.
template <class Event>
[[nodiscard]] constexpr timestamp time_or_epoch(const Event& event) noexcept {
    if constexpr (timed<Event>) {
        return time_of(event);
    } else {
        return {};
    }
}

}  // namespace detail

}  // namespace millrace
