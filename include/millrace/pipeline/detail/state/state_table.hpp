#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/keys/key_sweep.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/timer_heap.hpp>
#include <millrace/pipeline/state_options.hpp>

namespace millrace::detail {

/// What a timer's time is of.
enum class time_domain : std::size_t { event, wall };

/// The states and timers of keys, within their limits. A key that has neither is not kept.
template <class Key, class State, bool HasWallTimers>
class state_table {
public:
    struct slot {
        Key key{};
        State state{};
        timestamp renewed = timestamp::min();
        timestamp watermark = timestamp::min();  // its own, where it has one
        std::uint32_t number = key_index::none;
        std::uint32_t round = 0;      // the last in which a timer has set one that was due
        std::uint32_t due_again = 0;  // how many there were, since the last event
        bool has_state = false;
        bool is_used = false;
        bool is_recent = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state, renewed, watermark, has_state, is_recent);
        }
    };

    explicit state_table(const state_settings& settings) : settings_{settings}, keys_{settings} {}

    [[nodiscard]] slot& operator[](std::uint32_t number) noexcept { return keys_[number]; }
    [[nodiscard]] const timer_heap& timers(time_domain of = time_domain::event) const noexcept {
        return timers_[static_cast<std::size_t>(of)];
    }
    [[nodiscard]] bool is_empty(const slot& of) const noexcept {
        return !of.has_state && timers_of(of.number) == 0;
    }

    template <class Sought>
    [[nodiscard]] slot* find(const Sought& key) noexcept {
        return keys_.find(key);
    }

    /// Null where there is no room for one more. What it adds is to be settled.
    template <class Sought>
    [[nodiscard]] slot* find_or_add(const Sought& key) {
        slot* const found =
            keys_.find_or_add(key, [this](const slot& gone) { clear_timers(gone.number); });
        if (found == nullptr) return nullptr;
        if (found->number == key_index::none) found->number = keys_.number_of(*found);
        found->due_again = 0;
        return found;
    }

    /// To be called before what is asked of a key at a time; the state may be over.
    void begin(slot& of, timestamp now) {
        if (is_over(of, now)) drop_state(of);
    }
    [[nodiscard]] State& write(slot& of, timestamp now) {
        renew(of, now);
        of.has_state = true;
        return of.state;
    }
    [[nodiscard]] const State& read(slot& of, timestamp now) {
        if (settings_.is_renewed_by_reading && of.has_state) renew(of, now);
        return of.state;
    }

    /// Whether it is set, now or before.
    bool set_timer(const slot& of, time_domain domain, timestamp at) {
        const std::uint32_t key = of.number;
        if (timers(domain).holds(key, at)) return true;
        if (timers_of(key) >= settings_.timer_limit) return refuse_timer();
        timers_[static_cast<std::size_t>(domain)].add(key, at);
        return true;
    }
    /// Likewise, by a timer, for a time that has come in this round.
    bool set_due_timer(slot& of, time_domain domain, timestamp at) {
        if (std::exchange(of.round, round_) != round_) of.due_again = 0;
        if (of.due_again >= settings_.timer_limit) return refuse_timer();
        ++of.due_again;
        return set_timer(of, domain, at);
    }
    /// Time has moved on.
    void begin_round() noexcept { ++round_; }
    bool refuse_timer() noexcept {
        ++refused_timers_;
        return false;
    }
    /// Whether it was set.
    bool cancel_timer(const slot& of, time_domain domain, timestamp at) {
        const std::uint32_t key = of.number;
        if (!timers(domain).holds(key, at)) return false;
        timers_[static_cast<std::size_t>(domain)].remove(key, at);
        return true;
    }

    /// Its state and its timers go, as if it had never been.
    void clear(slot& of) {
        drop_state(of);
        clear_timers(of.number);
    }
    void erase(slot& of) {
        clear_timers(of.number);
        keys_.erase(of);
    }
    /// To be called when all was asked of a key.
    void settle(slot& of) {
        if (is_empty(of)) erase(of);
    }

    /// Frees what is over at this watermark, a few keys a call.
    void sweep(timestamp watermark) {
        if (settings_.kept_for == duration::max()) return;
        sweep_(keys_, 4, [&](slot& each) {
            if (!is_over(each, std::max(watermark, each.watermark))) return;
            drop_state(each);
            settle(each);
        });
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        for (const timer_heap& each : timers_) {
            stats.timers += each.size();
            stats.state_bytes += each.bytes();
        }
        stats.refused_timers += refused_timers_;
    }

    /// It is empty where it cannot be loaded.
    template <class Archive>
    void archive(Archive& ar) {
        bool is_good = !Archive::is_loading;
        const at_exit empty{[&] {
            if (!is_good) *this = state_table{settings_};
        }};
        ar(keys_, timers_, sweep_, refused_timers_);
        if constexpr (Archive::is_loading) {
            std::size_t found = 0, all = 0;
            keys_.for_each([&](slot& each) {
                each.number = keys_.number_of(each);
                found += timers_of(each.number);
            });
            for (const timer_heap& each : timers_) all += each.size();
            ar.require(found == all);
            is_good = ar.ok();
        }
    }

private:
    [[nodiscard]] std::size_t timers_of(std::uint32_t key) const noexcept {
        std::size_t all = 0;
        for (const timer_heap& each : timers_) all += each.count(key);
        return all;
    }
    void clear_timers(std::uint32_t key) {
        for (timer_heap& each : timers_) each.clear(key);
    }
    [[nodiscard]] bool is_over(const slot& of, timestamp now) const noexcept {
        return of.has_state && settings_.kept_for != duration::max() &&
               saturated_add(of.renewed, settings_.kept_for) <= now;
    }
    void renew(slot& of, timestamp now) noexcept {
        of.renewed = of.has_state ? std::max(of.renewed, now) : now;
    }
    void drop_state(slot& of) {
        of.state = State{};  // which may throw
        of.has_state = false;
    }

    state_settings settings_;
    limited_keys<Key, slot> keys_;
    std::array<timer_heap, HasWallTimers ? 2 : 1> timers_;  // by their domain
    key_sweep sweep_;
    std::uint32_t round_ = 0;
    std::uint64_t refused_timers_ = 0;
};

}  // namespace millrace::detail
