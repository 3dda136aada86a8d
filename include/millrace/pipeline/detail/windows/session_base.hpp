#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/session_cells.hpp>
#include <millrace/pipeline/detail/windows/window_base.hpp>

namespace millrace::detail {

/// What sessions of a time shared by all keys, and those of a time for each, have in common: how an
/// event finds its session, and joins others to it.
///
/// An event that lengthens the newest session of its key costs one look-up and the analyzer's
/// update; any other a search among the key's sessions, and a copy of the state where it joins
/// some.
template <class Stream, class Analyzer, class OnLate, class Next>
class session_base : public window_base<Stream, Analyzer, OnLate, Next> {
    using base = window_base<Stream, Analyzer, OnLate, Next>;

protected:
    using typename base::event;
    using typename base::key_type;
    using cell = session_cell<Analyzer, typename base::firing_type>;

    struct slot {
        key_type key{};
        std::vector<cell> sessions{};  // in order; not empty while no event is in hand
        std::uint64_t number = 0;      // of the keys as they came
        std::uint32_t place = 0;       // in the table
        timestamp due = timestamp::max();
        timestamp watermark = timestamp::min();  // that the stages behind were told

        void recycle() noexcept { recycle_slot(*this, &slot::sessions); }
        template <class Archive>
        void archive(Archive& ar) {
            ar(key, sessions, number, watermark);
            ar.require(are_sessions(sessions));
        }
    };

    using base::base;

    /// By its own time, not by a session's, so that none begins where one is gone.
    [[nodiscard]] bool is_too_old(const event& one, timestamp time, timestamp watermark) {
        if (time >= saturated_add(watermark, -this->lateness_)) return false;
        this->note_late(one);
        return true;
    }

    /// `observer` has `leaves(slot, cell)` and `comes(slot, cell)`, told of what changes its place.
    template <class Observer>
    void take(const event& one, event_stamp at, Observer&& observer) {
        // None is empty, and none ends later than time does.
        const timestamp time = std::min(at.time, timestamp::max() - duration{1});
        const auto& sought = project(this->key_by_.projection, one);
        slot* found = table_.find(sought);
        if (found != nullptr) {
            cell& newest = found->sessions.back();
            const window_bounds is = newest.bounds;
            if (is.start <= time && time < is.end && newest.published == 0) [[likely]] {
                add(newest, one);
                newest.bounds.end = std::max(is.end, this->window_.end_of(is.start, time));
                return tell_early(*found, newest, one, at, observer);
            }
            return place(*found, one, time, at, observer);
        }
        if (table_.size() >= this->key_limit_) {
            ++this->refused_;
            return;
        }
        cell opened = opened_by(one, time);
        table_.make_room_to_erase();
        found = &table_.add(sought);
        found->number = keys_++;
        found->place = table_.number_of(*found);
        found->watermark = at.watermark;
        const at_exit settle{[&] {
            if (found->sessions.empty()) table_.erase(*found);
        }};
        found->sessions.reserve(1);
        put(*found, 0, std::move(opened), one, at, observer);
    }

    /// Gives what a session holds that ends, or what it held once nothing can correct it any more.
    void close(slot& of, cell& due, trigger why, timestamp watermark, timestamp passed_on) {
        if (!std::exchange(due.is_fired, true)) {
            --open_;
            this->fire(of.key, due.bounds, due, why, watermark, passed_on);
        } else if constexpr (base::is_concluded) {
            this->conclude(of.key, due.bounds, due, why, watermark, passed_on);
        }
    }

    /// When something becomes of the session by itself.
    [[nodiscard]] timestamp due_of(const cell& of) const noexcept {
        return of.is_fired ? this->gone_at(of.bounds.end) : of.bounds.end;
    }

    /// What is due by the wall's clock; false where it is put off.
    template <class MayFire, class Observer>
    bool fire_sessions(MayFire&& may_fire, Observer& observer) requires base::has_interval {
        const auto find = [this](const interval_place& at) { return cell_at(at); };
        const auto give = [&](const interval_place& at, cell& in) {
            slot& of = table_[at.number];
            this->give_early(of.key, in.bounds, in, observer.watermark_of(of), observer.told(of));
        };
        return this->intervals_.fire(this->interval(), find, may_fire, give);
    }

    template <class Stats>
    void collect_sessions(Stats& stats, timestamp watermark) const {
        stats.keys += table_.size();
        stats.state_bytes += table_.bytes() + open_ * sizeof(cell) + this->intervals_.bytes();
        stats.open_windows += open_;
        this->collect_counts(stats, watermark);
    }

    template <class Archive>
    void archive_sessions(Archive& ar) {
        ar(table_, keys_);
        if constexpr (Archive::is_loading) {
            open_ = 0;
            table_.for_each([&](slot& of) {
                ar.require(!of.sessions.empty() && of.number < keys_);
                of.place = table_.number_of(of);
                for (const cell& each : of.sessions) open_ += each.is_fired ? 0 : 1;
            });
        }
        this->archive_counts(ar);
        if constexpr (Archive::is_loading && base::has_interval) {
            table_.for_each([this](slot& of) {
                for (cell& each : of.sessions)
                    if (!each.is_fired)
                        this->intervals_.restore(each.triggers.interval, place_of(of, each));
            });
        }
    }

    key_table<key_type, slot> table_;
    std::uint64_t keys_ = 0;  // so far

private:
    static void add(cell& to, const event& one) {
        to.state.update(one);
        to.is_changed = true;
    }

    [[nodiscard]] cell opened_by(const event& one, timestamp time) const {
        cell made{{time, this->window_.end_of(time, time)}};
        add(made, one);
        return made;
    }

    template <class Observer>
    void put(slot& of, std::size_t index, cell&& made, const event& one, event_stamp at,
             Observer& observer) {
        made.is_fired = made.bounds.end <= observer.watermark_of(of);
        const auto place = of.sessions.insert(
            of.sessions.begin() + static_cast<std::ptrdiff_t>(index), std::move(made));
        cell& here = *place;
        try {
            observer.comes(of, here);
        } catch (...) {
            of.sessions.erase(place);
            throw;
        }
        open_ += here.is_fired ? 0 : 1;
        give(of, here, one, at, observer);
    }

    /// At once, where it ended before it came to be; else when a trigger says so.
    template <class Observer>
    void give(slot& of, cell& in, const event& one, event_stamp at, Observer& observer) {
        if constexpr (base::gives_updates) {
            if (in.is_fired)
                return this->correct(
                    of.key, in.bounds, in, one, at, [](cell&) {}, observer.told(of));
        }
        tell_early(of, in, one, at, observer);
    }

    /// Of an event that an open session has taken in.
    template <class Observer>
    void tell_early([[maybe_unused]] slot& of, [[maybe_unused]] cell& in,
                    [[maybe_unused]] const event& one, [[maybe_unused]] event_stamp at,
                    [[maybe_unused]] Observer& observer) {
        if constexpr (base::has_early) {
            if (in.is_fired) return;
            if (this->fires_early(in, one, at))
                return this->give_early(of.key, in.bounds, in, observer.watermark_of(of),
                                        observer.told(of));
        }
        if constexpr (base::has_interval)
            this->intervals_.note(in.triggers.interval, this->interval(),
                                  [&] { return place_of(of, in); });
    }

    template <class Observer>
    void place(slot& of, const event& one, timestamp time, event_stamp at, Observer& observer) {
        const session_place to = place_in(of.sessions, this->window_, time);
        if (to.first == to.last) {
            if (of.sessions.size() >= this->window_limit_) {
                ++this->refused_;
                return;
            }
            cell opened = opened_by(one, time);
            opened.bounds = to.bounds;
            return put(of, to.first, std::move(opened), one, at, observer);
        }
        cell& first = of.sessions[to.first];
        if (to.last - to.first == 1 && first.bounds == to.bounds) {
            const auto change = [&](cell& in) { add(in, one); };
            if constexpr (base::gives_updates) {
                if (first.is_fired)
                    return this->correct(of.key, first.bounds, first, one, at, change,
                                         observer.told(of));
            }
            change(first);
            tell_early(of, first, one, at, observer);
        } else if (to.last - to.first == 1 && first.published == 0) {
            add(first, one);
            move(of, first, to.bounds, observer);
            tell_early(of, first, one, at, observer);
        } else {
            join(of, to, one, at, observer);
        }
    }

    void join_triggers(slot& of, session_place to, cell& joined) requires base::has_early {
        auto& all = joined.triggers;
        all.early = of.sessions[to.first].triggers.early;
        for (std::size_t i = to.first; i != to.last; ++i) {
            const auto& part = of.sessions[i].triggers;
            if (i != to.first) all.early.merge(this->firing_.early, part.early);
            if constexpr (base::has_interval)
                all.interval.due = std::min(all.interval.due, part.interval.due);
        }
    }

    template <class Observer>
    void move(slot& of, cell& in, window_bounds to, Observer& observer) {
        if (in.bounds.start == to.start) {  // it is found where it was
            in.bounds = to;
            return;
        }
        observer.leaves(of, in);
        in.bounds = to;
        observer.comes(of, in);
        if constexpr (base::has_interval)
            this->intervals_.restore(in.triggers.interval, place_of(of, in));
    }

    /// Makes one session of several, or of one that was spoken of. First all is changed, then said,
    /// so that a consumer that throws misses only what it threw at.
    template <class Observer>
    void join(slot& of, session_place to, const event& one, event_stamp at, Observer& observer) {
        cell joined{to.bounds};
        joined.state = std::as_const(of.sessions[to.first].state);
        for (std::size_t i = to.first + 1; i != to.last; ++i)
            joined.state.merge(std::as_const(of.sessions[i].state));
        add(joined, one);
        if constexpr (base::has_early) join_triggers(of, to, joined);
        const bool is_over = to.bounds.end <= observer.watermark_of(of);
        std::vector<typename base::withdrawal> gone = std::move(gone_);
        gone.clear();
        bool was_fired = false;
        for (std::size_t i = to.first; i != to.last; ++i) {
            cell& part = of.sessions[i];
            if (part.published != 0)
                gone.push_back(this->withdrawal_of(of.key, part.bounds, part, at.watermark,
                                                   observer.told(of)));
            was_fired |= part.is_fired;
            open_ -= part.is_fired ? 0 : 1;
            observer.leaves(of, part);
        }
        joined.is_fired = is_over;
        open_ += is_over ? 0 : 1;
        if (was_fired && !is_over) ++this->corrected_;
        const auto begin = of.sessions.begin();
        cell& here = begin[static_cast<std::ptrdiff_t>(to.first)];
        here = std::move(joined);
        of.sessions.erase(begin + static_cast<std::ptrdiff_t>(to.first) + 1,
                          begin + static_cast<std::ptrdiff_t>(to.last));
        observer.comes(of, here);
        if constexpr (base::has_interval)
            if (!is_over) this->intervals_.restore(here.triggers.interval, place_of(of, here));

        first_exception thrown;
        for (const auto& each : gone) thrown.guard([&] { this->withdraw(each); });
        thrown.guard([&] { give(of, here, one, at, observer); });
        gone_ = std::move(gone);
        thrown.rethrow();
    }

    static interval_place place_of(const slot& of, const cell& in) noexcept {
        return {timestamp::max(), in.bounds.start, of.place};
    }

    /// The open session of a place, or null.
    [[nodiscard]] cell* cell_at(const interval_place& at) noexcept {
        if (at.number >= table_.slots()) return nullptr;
        for (cell& each : table_[at.number].sessions)
            if (each.bounds.start == at.start) return each.is_fired ? nullptr : &each;
        return nullptr;
    }

    std::uint64_t open_ = 0;
    std::vector<typename base::withdrawal> gone_;  // what was allocated for the last
};

}  // namespace millrace::detail
