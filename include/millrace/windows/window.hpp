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
/// | `window_bounds assign(timestamp) const` | the half-open span to which the time belongs    |
/// | `describe(to) const`, optional | its kind and settings, see millrace/core/stage.hpp; else |
/// |                                | its class's name is told, without template arguments     |
///
/// A span should hold the time. One that does not is taken as it is: an event whose span the
/// watermark has passed is late, whatever its own time.
template <class W>
concept window_assigner = std::copyable<W> && requires(const W& assigner, timestamp time) {
    { assigner.assign(time) } -> std::same_as<window_bounds>;
};

namespace detail {

/// Windows that are not by the event's time alone. Each kind has a node of its own, see
/// millrace/pipeline/detail/windows/window_kind.hpp.
template <class W>
inline constexpr bool is_window_kind = false;

/// Whether a size is positive, and nanoseconds can hold it.
template <class Rep, class Period>
constexpr bool is_positive_duration(std::chrono::duration<Rep, Period> size) {
    using whole = std::chrono::duration<std::int64_t, Period>;
    return size > size.zero() && size <= std::chrono::duration_cast<whole>(duration::max());
}

}  // namespace detail

/// What `window` takes: an assigner, which may be one of your own, or `session` and `sliding`,
/// whose windows are not by the event's time alone.
template <class W>
concept window_kind_of = window_assigner<W> || detail::is_window_kind<W>;

}  // namespace millrace
