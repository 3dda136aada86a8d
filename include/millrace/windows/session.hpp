#pragma once

#include <algorithm>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// Windows of activity: a session of a key reaches from its first event to `gap` behind its last,
/// that instant not included. An event exactly one gap behind the last begins another session.
///
///     window(session{30s}, drop_late)
///
/// An event that comes out of order may join two sessions. With a `lateness`, what was published of
/// either is taken back then, and the joined session comes at its end, or at once where that has
/// passed. An event is late if it is older than the watermark less the lateness, whatever session
/// it would lie in, so that no session ever overlaps one that is final. The analyzer has to be
/// mergeable, and the stream append only.
///
/// A session without a pause stays open, with one analyzer's state. `max_length`, off by default,
/// ends it: no session is longer, and where it would be, the earlier ends as the next begins. Where
/// that is depends on the order in which events come.
///
/// `max_windows` holds for each key: what would open a further session is refused and counted.
/// @throws std::invalid_argument for a gap that is not positive, or a maximum below the gap
class session {
public:
    constexpr explicit session(duration gap, duration max_length = duration::max())
        : gap_{detail::require_positive("gap", gap, "session")}, max_length_{max_length} {
        detail::require_option(max_length >= gap, "max_length must not be below the gap",
                               "session");
    }

    [[nodiscard]] constexpr duration gap() const noexcept { return gap_; }
    [[nodiscard]] constexpr duration max_length() const noexcept { return max_length_; }

    /// Where a session that begins at `start` ends, if it has an event at `time`, which lies in it.
    [[nodiscard]] constexpr timestamp end_of(timestamp start, timestamp time) const noexcept {
        return std::min(saturated_add(time, gap_), last_end(start));
    }
    /// Where it ends at the latest.
    [[nodiscard]] constexpr timestamp last_end(timestamp start) const noexcept {
        return max_length_ == duration::max() ? timestamp::max()
                                              : saturated_add(start, max_length_);
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "session");
        to.setting("gap", gap_);
        to.setting("max_length", max_length_, duration::max());
    }

private:
    duration gap_;
    duration max_length_;
};

namespace detail {

template <>
inline constexpr bool is_window_kind<millrace::session> = true;

}  // namespace detail

}  // namespace millrace
