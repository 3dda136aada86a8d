#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include <millrace/core/key.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

// Options of process_with_state.

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
/// not set: `timer_at` returns false, and it is counted in `pipeline_stats::refused_timers`. As
/// many times a timer may set another that is not later than itself, or one of the other kind that
/// is due, until its key's next event: so whoever does so endlessly comes to an end.
struct max_timers {
    std::size_t value = 1'000;
};

/// At `max_keys` the key that was not seen for longest makes room for a new one: its state and its
/// timers go. Counted in `pipeline_stats::evicted_keys`.
struct evict_least_recent_t {};
inline constexpr evict_least_recent_t evict_least_recent{};

/// The settings of a process_with_state.
struct state_settings {
    std::size_t key_limit = max_keys{}.value;
    std::size_t timer_limit = max_timers{}.value;
    duration kept_for = duration::max();  ///< without a write; the largest stands for ever
    bool is_renewed_by_reading = false;
    bool evicts = false;  ///< the key that was not seen for longest, else new ones are refused

    void set(max_keys option) { key_limit = checked("max_keys", option.value, std::size_t{1}); }
    void set(max_timers option) {
        timer_limit = checked("max_timers", option.value, std::size_t{1});
    }
    void set(time_to_live option) {
        kept_for = checked("time_to_live", option.value, duration{1});
        is_renewed_by_reading = option.is_renewed_by_reading;
    }
    void set(evict_least_recent_t) { evicts = true; }

    template <class To>
    void describe(To& to) const {
        to.setting("time_to_live", kept_for, duration::max());
        to.setting("is_renewed_by_reading", is_renewed_by_reading, false);
        to.setting("evict_least_recent", evicts, false);
        to.tunable("max_keys", key_limit);
        to.tunable("max_timers", timer_limit);
    }

private:
    template <class T>
    static T checked(const char* name, T value, T least) {
        if (value < least)
            throw std::invalid_argument{"process_with_state: " + std::string{name} +
                                        " is too small"};
        return value;
    }
};

}  // namespace millrace
