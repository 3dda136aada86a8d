#pragma once

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/state/state_table.hpp>
#include <millrace/pipeline/state_context.hpp>

namespace millrace::detail {

/// Runs a function of the user's for each event and timer, with the state of its key. An event
/// costs one look-up beside the function; it allocates only for a key that is new, or has more
/// timers than before.
///
/// A timer fires once the watermark is past its time, or the wall's clock has reached it. Stages
/// behind are told of the watermark when all timers that are due have fired, also those that were
/// set meanwhile. That can be put off, as windows are, but for streams whose keys each have a time
/// of their own.
template <class Stream, class State, class Out, class Functions, class Next>
class state_node : public forwarding_node<Next> {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    static constexpr bool has_own_time = is_key_time<typename Stream::time_type>;

public:
    using key_type = key_of<key_by, event>;
    using state_type = State;
    using output_type = Out;
    using table_type = state_table<key_type, State, Functions::has_wall_timers>;
    using context = state_context<state_node>;
    static constexpr bool has_timers = Functions::has_timers;
    static constexpr bool has_wall_timers = Functions::has_wall_timers;
    static constexpr bool has_broadcast = requires { typename Functions::broadcast_type; };
    static constexpr bool wants_wall_time = has_wall_timers || Next::wants_wall_time;

    state_node(const Stream& in, const state_settings& settings, Functions functions, Next n,
               closing_pace& pace)
        : forwarding_node<Next>{std::move(n)},
          key_by_{in.key},
          functions_{std::move(functions)},
          states_{settings},
          pace_{pace} {}

    void push(const event& one, event_stamp at) {
        if (is_firing_) [[unlikely]]
            catch_up();
        states_.sweep(passed_on_);
        slot* const of = states_.find_or_add(project(key_by_.projection, one));
        if (of == nullptr) return;
        const std::uint32_t number = of->number;
        {
            context ctx{*this, states_, *of, at, told_of(*of)};
            if (has_own_time && states_.is_empty(*of)) of->watermark = at.watermark;
            run(*of, [&] { functions_.event(ctx, one); });
        }
        if constexpr (has_own_time) {
            fire_due_of(number, watermark_of(number));
        } else if (states_.timers().has_before(watermark_) || has_wall_timer_due()) {
            fire_due();
        }
    }

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        if (to <= watermark_) return;
        states_.sweep(passed_on_);
        if constexpr (has_own_time) {
            states_.begin_round();
            first_exception errors;
            for (;;) {
                const bool is_event = states_.timers().has_before(to);
                if (!is_event && !has_wall_timer_due()) break;
                const time_domain domain = is_event ? time_domain::event : time_domain::wall;
                const std::uint32_t number = states_.timers(domain).first_key();
                errors.guard([&] { fire(number, domain, watermark_of(number), to); });
            }
            watermark_ = passed_on_ = to;
            this->next.watermark(to, why);
            errors.rethrow();
        } else {
            if (is_firing_) catch_up();
            states_.begin_round();
            watermark_ = to;
            why_ = why;
            fire_due();
        }
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        first_exception errors;
        states_.begin_round();
        if (slot* const of = states_.find(sought)) {
            const std::uint32_t number = of->number;
            if (to == timestamp::max()) {
                states_.erase(*of);  // its time is over, and begins anew when it comes again
            } else {
                errors.guard([&] { fire_due_of(number, to); });
            }
            slot& same = states_[number];
            if (same.is_used) same.watermark = std::max(same.watermark, to);
        }
        this->next.key_watermark(sought, to, why);
        errors.rethrow();
    }

    void wall_time(timestamp now) {
        if constexpr (has_own_time) {
            states_.begin_round();
            now_ = now;
            first_exception errors;
            while (has_wall_timer_due()) {
                const std::uint32_t number = states_.timers(time_domain::wall).first_key();
                errors.guard([&] { fire_due_of(number, watermark_of(number)); });
            }
            if constexpr (Next::wants_wall_time) this->next.wall_time(now);
            errors.rethrow();
        } else {
            if (is_firing_) catch_up();
            states_.begin_round();
            now_ = now;
            fire_due();
        }
    }

    bool resume() {
        if (!this->next.resume()) return false;
        if (is_firing_) {
            fire_due();
            if (is_firing_) return false;
        }
        return this->next.resume();
    }

    /// No timer fires for that: its time has not come.
    std::error_code finish() {
        first_exception errors;
        while (is_firing_) {
            if (!this->has_room()) errors.guard([this] { this->flush(); });
            pace_.is_behind = false;
            pace_.waits_for_room = this->has_room();
            errors.guard([this] { resume(); });
        }
        const std::error_code error = errors.guard([this] { return this->next.finish(); });
        errors.rethrow();
        return error;
    }

    template <class Stats>
    void collect(Stats& stats) const {
        states_.collect(stats);
        stats.watermark = std::max(stats.watermark, watermark_);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.require(ar.version(3) == 3);  // what earlier ones held is not known here
        ar(states_, watermark_, passed_on_, now_, told_now_, why_, is_firing_, this->next);
    }

    /// By the wall's clock.
    [[nodiscard]] timestamp now() const noexcept { return now_; }

    [[nodiscard]] Functions& functions() noexcept { return functions_; }
    [[nodiscard]] const auto& broadcast() const noexcept { return functions_.broadcast; }

    void emit(const Out& out, event_stamp at) { this->next.push(out, at); }

private:
    using slot = typename table_type::slot;

    /// The watermark of its key that what follows was told.
    [[nodiscard]] timestamp told_of(const slot& of) const noexcept {
        return has_own_time ? std::max(of.watermark, watermark_) : passed_on_;
    }
    [[nodiscard]] timestamp watermark_of(std::uint32_t number) noexcept {
        return std::max(states_[number].watermark, watermark_);
    }

    template <class Call>
    void run(slot& of, Call&& call) {
        try {
            call();
        } catch (...) {
            states_.settle(of);
            throw;
        }
        states_.settle(of);
    }

    [[nodiscard]] bool has_wall_timer_due() const noexcept {
        if constexpr (has_wall_timers)
            return states_.timers(time_domain::wall).has_before(past_now());
        return false;
    }
    /// A wall timer fires at its time.
    [[nodiscard]] timestamp past_now() const noexcept { return saturated_add(now_, duration{1}); }

    /// The earliest timer of a key. It has gone before its call, which may set it again.
    void fire(std::uint32_t number, time_domain domain, timestamp told, timestamp to) {
        slot& of = states_[number];
        const timestamp at = states_.timers(domain).earliest(number);
        states_.cancel_timer(of, domain, at);
        if (domain == time_domain::event) {
            context ctx{*this, states_, of, domain, at, {std::max(at, told), told}, to};
            if constexpr (has_timers) run(of, [&] { functions_.timer(ctx, at); });
        } else {
            const timestamp time = told == timestamp::min() ? now_ : told;
            context ctx{*this, states_, of, domain, at, {time, told}, to};
            if constexpr (has_wall_timers) run(of, [&] { functions_.wall_timer(ctx, at); });
        }
    }

    /// All of one key that has a time of its own.
    void fire_due_of(std::uint32_t number, timestamp to) {
        first_exception errors;
        const timestamp told = watermark_of(number);
        for (;;) {
            if (states_.timers().has_before(to, number)) {
                errors.guard([&] { fire(number, time_domain::event, told, to); });
            } else if (has_wall_timers &&
                       states_.timers(time_domain::wall).has_before(past_now(), number)) {
                errors.guard([&] { fire(number, time_domain::wall, told, to); });
            } else {
                break;
            }
        }
        errors.rethrow();
    }

    /// Of all keys, in time order, wall timers last. Where it is put off, or a call throws, it goes
    /// on later.
    void fire_due() {
        is_firing_ = true;
        const at_exit tell{[this] { pace_.is_behind |= is_firing_; }};
        for (;;) {
            const bool is_event = states_.timers().has_before(watermark_);
            if (!is_event && !has_wall_timer_due()) break;
            if (!may_fire()) return;
            const time_domain domain = is_event ? time_domain::event : time_domain::wall;
            fire(states_.timers(domain).first_key(), domain, passed_on_, watermark_);
        }
        is_firing_ = false;
        if (watermark_ > passed_on_) {
            passed_on_ = watermark_;
            this->next.watermark(watermark_, why_);
        }
        if constexpr (Next::wants_wall_time) {
            if (now_ > told_now_) {
                told_now_ = now_;
                this->next.wall_time(now_);
            }
        }
    }

    [[nodiscard]] bool may_fire() {
        return !pace_.is_behind && pace_.take([this] { return this->has_room(); });
    }

    /// An operator may give several events before it can be held back: what is due fires first.
    void catch_up() {
        closing_pace before = std::exchange(pace_, {});
        if (before.is_behind) before.left = 0;
        const at_exit restore{[this, before] {
            pace_ = before;
            pace_.is_behind |= is_firing_;
        }};
        resume();
    }

    key_by key_by_;
    Functions functions_;
    table_type states_;
    closing_pace& pace_;
    timestamp watermark_ = timestamp::min();  // of the whole stream
    timestamp passed_on_ = timestamp::min();  // that the stages behind were told
    timestamp now_ = timestamp::min();        // by the wall's clock
    timestamp told_now_ = timestamp::min();
    trigger why_ = trigger::watermark;
    bool is_firing_ = false;
};

}  // namespace millrace::detail
