#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key_part.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

// Options of `from`: how event times become watermarks.

/// How far events may be out of order: the watermark stays this far behind the latest event time,
/// and results wait for as long. 0 by default.
struct disorder {
    duration value;
};

/// An event further ahead of the wall clock is refused: one hour by default.
struct max_ahead {
    duration value;
};

/// An event that is further ahead of the wall clock than this, one second by default, moves the
/// watermark no further than one of the present: one sender with a wrong clock cannot make what
/// the others send late.
struct max_skew {
    duration value;
};

/// How far one event behind the first may move the watermark; without limit by default. For events
/// of the past, to which the wall clock is no guard.
struct max_step {
    duration value;
};

/// The wall clock limits nothing: for a simulation, or a file of any age.
struct any_time_t {};
inline constexpr any_time_t any_time{};

/// A source from which nothing has come for so long, ten seconds by default, is idle: windows
/// publish what they have, as not final. What comes then is late no sooner than without, but for
/// `by_producer`. It takes `running_pipeline::tick`, which an endpoint calls by itself.
struct idle_timeout {
    duration value;
};

/// How far the furthest of several may be ahead of the least far, one hour by default: who is
/// further behind holds the watermark up no more, so that what comes of it may be late. One that
/// sends what is old cannot stop the time of the others. `duration::max()` is without limit: for
/// events of the past that come one input after the other.
struct max_lag {
    duration value = std::chrono::hours{1};
};

/// The source's settings of time.
struct source_time {
    duration out_of_order{};
    duration furthest_ahead = std::chrono::hours{1};
    duration skew = std::chrono::seconds{1};
    duration step = duration::max();
    timestamp unlimited_until = timestamp::max() - duration{1};  ///< may the watermark follow
    duration idle_after = std::chrono::seconds{10};
    std::size_t key_limit = max_keys{}.value;
    std::size_t max_key_size = max_key_bytes{}.value;
    bool is_bounded = true;  ///< by the wall clock

    void set(disorder option) {
        out_of_order = detail::require_not_negative("disorder", option.value, stage);
    }
    void set(max_ahead option) {
        furthest_ahead = detail::require_not_negative("max_ahead", option.value, stage);
    }
    void set(max_skew option) {
        skew = detail::require_not_negative("max_skew", option.value, stage);
    }
    void set(max_step option) {
        step = detail::require_positive("max_step", option.value, stage);
        unlimited_until = timestamp::min();
    }
    void set(idle_timeout option) {
        idle_after = detail::require_positive("idle_timeout", option.value, stage);
    }
    void set(max_keys option) {
        key_limit = detail::require_positive("max_keys", option.value, stage);
    }
    void set(max_key_bytes option) {
        max_key_size = detail::require_positive("max_key_bytes", option.value, stage);
    }
    void set(any_time_t) { is_bounded = false; }

    /// Of those that mean something for the source, as `is_of_use(option)` says.
    template <class To, class IsOfUse>
    void describe(To& to, IsOfUse&& is_of_use) const {
        if (is_of_use(disorder{})) to.setting("disorder", out_of_order);
        if (is_of_use(max_step{})) to.setting("max_step", step, duration::max());
        if (is_of_use(max_ahead{}) && is_bounded) to.tunable("max_ahead", furthest_ahead);
        if (is_of_use(max_skew{}) && is_bounded) to.tunable("max_skew", skew);
        if (is_of_use(any_time) && !is_bounded) to.tunable("any_time", true);
        if (is_of_use(idle_timeout{})) to.tunable("idle_timeout", idle_after);
        if (is_of_use(max_keys{})) to.tunable("max_keys", key_limit);
        if (is_of_use(max_key_bytes{})) to.tunable("max_key_bytes", max_key_size);
    }

private:
    static constexpr std::string_view stage = "from";
};

/// The watermark follows the producer that is least far: of connections whose events come by
/// different ways. A producer is a connection, or what `push` is told, from its first event until
/// it is idle for `idle_timeout` or closed; a posted message is one of its own. Then the others go
/// on without it, so that its next events may be late. Those beyond `max_producers`, and those that
/// are `max_lag` behind the furthest, hold the watermark up no more.
///
/// A pipeline that loads its state knows no producer again, for connections are new then. So that
/// each finds its windows open when it comes back, the watermark stays where the least far of them
/// had it, until `idle_timeout` has passed: as for one that was silent since.
struct by_producer {
    std::size_t max_producers = 10'000;
    duration max_lag = millrace::max_lag{}.value;

    template <class To>
    void describe(To& to) const {
        to.setting("time", "by_producer");
        to.tunable("max_producers", max_producers);
        to.tunable("max_lag", max_lag);
    }
};

/// An event's time is that of its arrival, on a wall clock that never goes back: where it is set
/// back, it goes on by the monotonic clock. Nothing is ever late, and events need no time of their
/// own. What a pipeline gives depends on how fast it is fed, and windows close by
/// `running_pipeline::tick` where nothing comes.
struct processing_time_t {
    template <class To>
    void describe(To& to) const {
        to.setting("time", "processing_time");
    }
};
inline constexpr processing_time_t processing_time{};

template <class Function>
struct punctuated_time {
    Function function;

    template <class To>
    void describe(To& to) const {
        to.setting("time", "punctuated");
    }
};

/// The events themselves say how far time has come: `f(event)` gives a watermark for what comes
/// behind it, or nullopt. It never goes back.
template <class Function>
[[nodiscard]] punctuated_time<Function> punctuated(Function f) {
    return {std::move(f)};
}

namespace detail {

/// The events have no time.
struct untimed {
    template <class To>
    void describe(To& to) const {
        to.setting("time", "none");
    }
};
/// The watermark follows the latest of all events.
struct latest_time {
    template <class To>
    void describe(To& to) const {
        to.setting("time", "latest");
    }
};

}  // namespace detail

/// Event time advances for each key by that key's events alone, so that one sender with a wrong
/// clock cannot close the windows of others. What follows is keyed likewise, or the pipeline does
/// not compile.
template <class Projection>
[[nodiscard]] key_time<Projection> per_key(Projection key) {
    return {std::move(key)};
}

/// Likewise by several parts together, which are those of `key_by`:
///
///     from<trade>("trades", per_key(&trade::venue, &trade::symbol)) |
///         key_by(&trade::venue, &trade::symbol)
template <class First, class Second, class... More>
[[nodiscard]] auto per_key(First first, Second second, More... more) {
    constexpr bool are_parts = detail::is_key_part<First> && detail::is_key_part<Second> &&
                               (true && ... && detail::is_key_part<More>);
    constexpr bool are_few = sizeof...(More) + 2 <= detail::max_key_parts;
    static_assert(
        are_parts,
        "per_key needs: one or several of &event::member and key_part{\"NAME\", function} "
        "(see millrace/pipeline/source_time.hpp)");
    static_assert(are_few,
                  "per_key needs: at most eight parts (see millrace/pipeline/source_time.hpp)");
    if constexpr (are_parts && are_few) {
        return per_key(detail::projection_of(detail::as_key_part(std::move(first)),
                                             detail::as_key_part(std::move(second)),
                                             detail::as_key_part(std::move(more))...));
    }
}

}  // namespace millrace
