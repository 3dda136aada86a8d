#pragma once

#include <cstddef>
#include <string_view>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

// Options of process_with_state, beside those of millrace/pipeline/key_limits.hpp.

/// The state of a key goes when it was not written for so long, and is never seen again; without
/// limit by default. `ctx.state()` writes, `ctx.read()` only reads. It is event time, so that the
/// same events give the same results whenever they are processed: the time of the event or timer
/// in hand, or the watermark where that is further. What is over is freed a few keys an event, so
/// that `pipeline_stats::keys` falls a little later. Timers stay.
struct time_to_live {
    duration value;
    bool is_renewed_by_reading = false;
};

/// How many timers a key may have at a time, of both kinds, a thousand by default. A further one is
/// not set: `timer_at` returns false, and it is counted in `pipeline_stats::refused_timers`. A
/// timer may also set another that is due at once: one that is no later than itself, or whose time
/// is over already. A key's timers may do so as many times each time that time moves on or the key
/// has an event; so no call is endless, neither for a timer that sets itself again at once, nor for
/// one that sets the next second where the last event was years ago. `state_context::timer_at` says
/// how to leave out what is over.
struct max_timers {
    std::size_t value = 1'000;
};

/// The settings of a process_with_state.
struct state_settings : key_limits {
    std::size_t timer_limit = max_timers{}.value;
    duration kept_for = duration::max();  ///< without a write; the largest stands for ever
    bool is_renewed_by_reading = false;

    template <detail::key_option Option>
    void set(const Option& option) {
        key_limits::set(option, stage);
    }
    void set(max_timers option) {
        timer_limit = detail::require_positive("max_timers", option.value, stage);
    }
    void set(time_to_live option) {
        kept_for = detail::require_positive("time_to_live", option.value, stage);
        is_renewed_by_reading = option.is_renewed_by_reading;
    }

    template <class To>
    void describe(To& to) const {
        to.setting("time_to_live", kept_for, duration::max());
        to.setting("is_renewed_by_reading", is_renewed_by_reading, false);
        key_limits::describe(to);
        to.tunable("max_timers", timer_limit);
    }

private:
    static constexpr std::string_view stage = "process_with_state";
};

}  // namespace millrace
