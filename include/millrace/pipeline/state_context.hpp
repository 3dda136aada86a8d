#pragma once

#include <algorithm>

#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/state/state_table.hpp>

namespace millrace {

/// What a function of `process_with_state` is given: its key, the key's state and timers, and the
/// way out. For as long as the call lasts.
template <class Node>
class state_context {
    using table = typename Node::table_type;

public:
    using key_type = typename Node::key_type;
    using state_type = typename Node::state_type;
    using output_type = typename Node::output_type;

    [[nodiscard]] const key_type& key() const noexcept { return of_.key; }

    /// The key's state, to be changed; a `State{}` where it has none.
    [[nodiscard]] state_type& state() { return states_.write(of_, now_); }
    /// Likewise, but it is not written: that neither makes one nor, by default, lets it live on.
    [[nodiscard]] const state_type& read() { return states_.read(of_, now_); }
    [[nodiscard]] bool has_state() const noexcept { return of_.has_state; }

    /// What all keys see, see `with_broadcast`.
    [[nodiscard]] const auto& broadcast() const noexcept {
        static_assert(Node::has_broadcast,
                      "broadcast needs: with_broadcast, which process_with_state is given to (see "
                      "millrace/pipeline/with_broadcast.hpp)");
        return node_.broadcast();
    }

    /// Gives an event to what follows, at the time of the event or timer in hand; never earlier
    /// than what follows was told, unless the event in hand is.
    void emit(const output_type& out) { node_.emit(out, stamp_); }
    template <class Other>
    requires(!std::convertible_to<const Other&, output_type>) void emit(const Other&) {
        static_assert(std::convertible_to<const Other&, output_type>,
                      "emit needs: an event of the type that process_with_state<State, Output> is "
                      "told, or without one, of the stream's own (see "
                      "millrace/pipeline/process_with_state.hpp)");
    }

    /// Of the event or timer in hand; of a wall timer what was told of the watermark, or where
    /// nothing was, the wall's time.
    [[nodiscard]] timestamp time() const noexcept { return time_; }
    /// Nothing earlier is expected, of this key where the time is `per_key`.
    [[nodiscard]] timestamp watermark() const noexcept { return watermark_; }

    /// Has `on_timer` called once the watermark is past this time; never while another call lasts.
    /// Set twice for a time it is called once. Where the watermark is past it already, it is called
    /// as soon as this call is over, and what it emits is of the watermark's time.
    ///
    /// Each timer that is set fires, however far the watermark has leapt: an `on_timer` that sets
    /// `at + 1s` is called for each second of a night in which nothing came, up to `max_timers` of
    /// them. `std::max(at, ctx.watermark()) + 1s` leaves out what is over, and always goes on.
    /// @return false where it is not set: see `max_timers`; or where the watermark stands at
    /// `timestamp::max()`, the end of all time
    bool timer_at(timestamp at) {
        static_assert(Node::has_timers,
                      "timer_at needs: on_timer, the second function of process_with_state (see "
                      "millrace/pipeline/process_with_state.hpp)");
        if (watermark_ == timestamp::max()) return states_.refuse_timer();
        return set(time_domain::event, at, at < watermark_);
    }
    /// @return whether it was set
    bool cancel_timer(timestamp at) { return states_.cancel_timer(of_, time_domain::event, at); }

    /// What time it is by the wall's clock, as far as the pipeline was told: see
    /// `running_pipeline::tick`. It never goes back.
    [[nodiscard]] timestamp now() const noexcept {
        require_wall_timers();
        return node_.now();
    }
    /// Has `on_wall_timer` called once `now()` is at or past this time, under the same rules. What
    /// it emits is of the time that `time()` says.
    bool wall_timer_at(timestamp at) {
        require_wall_timers();
        return set(time_domain::wall, at, at <= node_.now());
    }
    /// @return whether it was set
    bool cancel_wall_timer(timestamp at) {
        require_wall_timers();
        return states_.cancel_timer(of_, time_domain::wall, at);
    }

    /// The key's state goes, and its timers, as if it had never come.
    void erase() { states_.clear(of_); }

    state_context(const state_context&) = delete;
    state_context& operator=(const state_context&) = delete;

private:
    friend Node;
    using time_domain = detail::time_domain;

    static constexpr void require_wall_timers() noexcept {
        static_assert(
            Node::has_wall_timers,
            "now, wall_timer_at and cancel_wall_timer need: on_wall_timer, a function that "
            "process_with_state is given (see "
            "millrace/pipeline/process_with_state.hpp)");
    }

    bool set(time_domain domain, timestamp at, bool is_due) {
        if (is_timer_ && is_due) return states_.set_due_timer(of_, domain, at);
        return states_.set_timer(of_, domain, at);
    }

    /// Of an event. What follows was told the watermark `told`.
    state_context(Node& node, table& states, typename table::slot& of, event_stamp at,
                  timestamp told)
        : node_{node},
          states_{states},
          of_{of},
          stamp_{at},
          time_{at.time},
          now_{std::max(at.time, told)},
          watermark_{at.watermark} {
        states_.begin(of_, now_);
    }
    /// Of a timer, in the round of `watermark`. A wall timer is of the event time `stamp`.
    state_context(Node& node, table& states, typename table::slot& of, time_domain domain,
                  timestamp fired_at, event_stamp stamp, timestamp watermark)
        : node_{node},
          states_{states},
          of_{of},
          stamp_{stamp},
          time_{domain == time_domain::event ? fired_at : stamp.time},
          now_{stamp.time},
          watermark_{watermark},
          is_timer_{true} {
        states_.begin(of_, now_);
    }

    Node& node_;
    table& states_;
    typename table::slot& of_;
    event_stamp stamp_;
    timestamp time_;
    timestamp now_;
    timestamp watermark_;
    bool is_timer_ = false;
};

}  // namespace millrace
