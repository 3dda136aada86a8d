#pragma once

#include <algorithm>

#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>

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

    /// Gives an event to what follows, at the time of the event or timer in hand; never earlier
    /// than what follows was told, unless the event in hand is.
    void emit(const output_type& out) { node_.emit(out, stamp_); }

    /// Of the event or timer in hand.
    [[nodiscard]] timestamp time() const noexcept { return time_; }
    /// Nothing earlier is expected, of this key where the time is `per_key`.
    [[nodiscard]] timestamp watermark() const noexcept { return watermark_; }

    /// Has `on_timer` called once the watermark is past this time; never while another call lasts.
    /// Set twice for a time it is called once. Where the watermark is past it already, it is called
    /// as soon as this call is over, and what it emits is of the watermark's time.
    /// @return false where it is not set: see `max_timers`; or where the watermark stands at
    /// `timestamp::max()`, the end of all time
    bool timer_at(timestamp at) {
        static_assert(Node::has_timers,
                      "timer_at needs: on_timer, the second function of process_with_state (see "
                      "millrace/pipeline/process_with_state.hpp)");
        if (watermark_ == timestamp::max()) return states_.refuse_timer();
        if (is_timer_ && at <= time_) return states_.set_timer_back(of_, at);
        return states_.set_timer(of_, at);
    }
    /// @return whether it was set
    bool cancel_timer(timestamp at) { return states_.cancel_timer(of_, at); }

    /// The key's state goes, and its timers, as if it had never come.
    void erase() { states_.clear(of_); }

    state_context(const state_context&) = delete;
    state_context& operator=(const state_context&) = delete;

private:
    friend Node;

    /// Of an event. What follows was told the watermark `told`.
    state_context(Node& node, table& states, typename table::slot& of, event_stamp at,
                  timestamp told)
        : node_{node},
          states_{states},
          of_{of},
          stamp_{at},
          time_{at.time},
          now_{std::max(at.time, told)},
          watermark_{at.watermark},
          is_timer_{false} {
        states_.begin(of_, now_);
    }
    /// Of a timer, in the round of `watermark`.
    state_context(Node& node, table& states, typename table::slot& of, timestamp at, timestamp told,
                  timestamp watermark)
        : node_{node},
          states_{states},
          of_{of},
          stamp_{std::max(at, told), told},
          time_{at},
          now_{stamp_.time},
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
    bool is_timer_;
};

}  // namespace millrace
