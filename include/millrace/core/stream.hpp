#pragma once

#include <concepts>
#include <stdexcept>
#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The facets of a stream's time: its events have none; one watermark holds for all; or each key
/// has its own (see `per_key`).
struct no_time {};
struct shared_time {};
template <class Projection>
struct key_time {
    Projection projection;

    template <class To>
    void describe(To& to) const {
        to.projection("time_per_key", projection);
    }
};

template <class Time>
inline constexpr bool is_key_time = false;
template <class Projection>
inline constexpr bool is_key_time<key_time<Projection>> = true;

/// The facets of a stream's changes: what was said holds; or it may be corrected, by updates and
/// removals of what came before (see millrace/core/node.hpp).
struct append_only {};
struct updating {};
/// Likewise, and no record says that it is the last.
struct never_final : updating {};
/// Likewise, and what takes another's place may lie at another time, in another window.
struct newest_version : never_final {};

/// What flows between two stages of a pipeline: the events' type, how they are keyed, whose their
/// time is, and whether they may be corrected. As a value it carries what only the running program
/// knows of these.
template <class Event, class KeyBy = unkeyed, class Time = no_time, class Changes = append_only>
struct event_stream {
    using event_type = Event;
    using key_by_type = KeyBy;
    using time_type = Time;
    using changes_type = Changes;
    static constexpr bool is_windowed = false;
    static constexpr bool is_updating = std::derived_from<Changes, updating>;

    KeyBy key{};
    Time time{};
    /// Of records: for so long behind the end of its window one may be corrected.
    duration allowed_lateness{};

    /// The same events by another key.
    template <class OtherKey>
    [[nodiscard]] constexpr auto keyed_by(OtherKey other) const {
        return event_stream<Event, OtherKey, Time, Changes>{std::move(other), time,
                                                            allowed_lateness};
    }

    /// Other events at the same times, without a key.
    template <class OtherEvent>
    [[nodiscard]] constexpr auto of() const {
        return event_stream<OtherEvent, unkeyed, Time, Changes>{{}, time, allowed_lateness};
    }

    /// The same events, by another rule of changes.
    template <class OtherChanges>
    [[nodiscard]] constexpr auto changing() const {
        return event_stream<Event, KeyBy, Time, OtherChanges>{key, time, allowed_lateness};
    }

    /// Of records that were made for each key: the key that they carry, by `projection`.
    template <class Record, class RecordKey>
    [[nodiscard]] constexpr auto of_records(RecordKey record_key) const {
        if constexpr (is_key_time<Time>) {
            key_time<decltype(RecordKey::projection)> own{record_key.projection};
            return event_stream<Record, RecordKey, decltype(own), Changes>{std::move(record_key),
                                                                           own};
        } else {
            return event_stream<Record, RecordKey, Time, Changes>{std::move(record_key), time};
        }
    }
};

/// A stream that is cut into windows. A stage that takes one has a member type `takes_windows`.
template <class Stream, class Windowing>
struct windowed_stream : Stream {
    using windowing_type = Windowing;
    static constexpr bool is_windowed = true;

    Windowing windowing;
};

/// Nothing can follow.
struct no_stream {};

namespace detail {

/// Stops the compiler where what holds state for each key would be told another key's time.
template <class Stream>
consteval void require_own_time() {
    if constexpr (is_key_time<typename Stream::time_type>) {
        static_assert(
            std::same_as<decltype(Stream::key_by_type::projection),
                         decltype(Stream::time_type::projection)>,
            "per_key needs: key_by the same key before the window or state, and nothing between "
            "them that makes other events (see millrace/pipeline/source_time.hpp)");
    }
}

/// Likewise, for two members of one type. @throws std::invalid_argument
template <class Stream>
void check_own_time(const Stream& in) {
    if constexpr (is_key_time<typename Stream::time_type>) {
        if constexpr (requires { in.key.projection == in.time.projection; }) {
            if (in.key.projection != in.time.projection)
                throw std::invalid_argument{"per_key: the stream is keyed by another member"};
        }
    }
}

}  // namespace detail

}  // namespace millrace
