#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>
#include <millrace/pipeline/detail/windows/ring_buffer.hpp>
#include <millrace/pipeline/detail/windows/two_stacks.hpp>
#include <millrace/pipeline/detail/windows/window_base.hpp>

namespace millrace::detail {

/// What a key holds of sliding windows: the stacks of its panes, and the windows that have closed
/// and can be corrected.
template <class Key, class Analyzer, bool IsUpdating, class Firing = firing<>>
struct sliding_slot {
    struct part {
        [[no_unique_address]] Analyzer state{};
        [[no_unique_address]] event_tally<IsUpdating> events{};

        void merge(const part& later) {
            state.merge(later.state);
            events.merge(later.events);
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(state, events);
        }
    };

    /// See window_base.
    struct cell : part {
        timestamp end{};
        std::uint32_t published = 0;
        bool is_changed = false;
        bool is_given = false;
        [[no_unique_address]] cell_triggers<Firing, Analyzer> triggers{};

        template <class Archive>
        void archive(Archive& ar) {
            part::archive(ar);
            ar(end, published, is_changed, is_given, triggers);
        }
    };

    [[nodiscard]] bool is_empty() const noexcept { return stacks.empty() && closed.empty(); }
    /// Beside the slot.
    [[nodiscard]] std::size_t bytes() const noexcept { return stacks.bytes() + closed.bytes(); }

    template <class Archive>
    void archive(Archive& ar) {
        ar(key, stacks, closed, shown_end, shown, is_changed, is_used);
        if constexpr (Archive::is_loading) {
            for (std::uint32_t i = 1; ar.ok() && i < closed.size(); ++i)
                ar.require(closed[i - 1].end < closed[i].end);
        }
    }

    Key key{};
    two_stacks<part> stacks{};
    ring_buffer<cell> closed{};
    timestamp shown_end = timestamp::min();  ///< of the window that was shown last before it closed
    std::uint32_t shown = 0;                 ///< how often
    bool is_changed = false;                 ///< since then
    bool is_used = false;                    ///< else it has no key
};

/// What sliding windows of one watermark, and of one for each key, have in common: what becomes of
/// one key's event, and of a key when one of its windows closes.
template <class Stream, class Analyzer, class OnLate, class Next>
class sliding_base : public window_base<Stream, Analyzer, OnLate, Next> {
    using base = window_base<Stream, Analyzer, OnLate, Next>;

protected:
    using typename base::event;
    using typename base::key_type;
    using slot = sliding_slot<key_type, Analyzer, Stream::is_updating, typename base::firing_type>;
    using cell = typename slot::cell;

    sliding_base(const Stream& in, OnLate on_late, Next next)
        : base{in, std::move(on_late), std::move(next)},
          flip_period_{std::max<std::int64_t>(1, this->window_.size() / this->window_.slide())} {
        const duration slide = this->window_.slide();
        if (this->lateness_ / slide >= static_cast<std::int64_t>(this->window_limit_))
            this->lateness_ = slide * static_cast<std::int64_t>(this->window_limit_);
    }

    /// Where an event lies.
    struct place {
        timestamp pane, first_end, last_end;

        [[nodiscard]] bool is_between_windows() const noexcept { return last_end < first_end; }
        /// The end of the first window that holds the pane and ends behind `time`.
        [[nodiscard]] timestamp first_end_behind(timestamp time, duration slide) const noexcept {
            if (time < first_end) return first_end;
            return first_end + slide * ((time - first_end) / slide + 1);
        }
    };
    [[nodiscard]] place place_of(timestamp pane) const noexcept {
        return {pane, this->window_.first_end(pane), this->window_.last_end(pane)};
    }

    [[nodiscard]] window_bounds bounds_of(timestamp end) const noexcept {
        return {end - this->window_.size(), end};
    }

    static auto adding(const event& one) {
        return [&one](auto& to) {
            to.state.update(one);
            to.events.add();
        };
    }

    /// Adds to the key's windows that have not closed, and corrects those that have.
    void add(slot& of, const place& at, const event& one, event_stamp stamp, timestamp passed_on) {
        const at_exit note{[&, before = of.bytes()] { pane_bytes_ += of.bytes() - before; }};
        const timestamp watermark = stamp.watermark;
        if (at.last_end > watermark) {
            const bool was_empty = of.stacks.empty();
            of.stacks.add(at.pane, adding(one));
            if (was_empty) ++open_;
            of.is_changed = true;
        }
        correct_closed(of, at, one, adding(one), true, stamp, passed_on);
    }

    /// Likewise, of an event that was added before.
    template <class Apply>
    void take_back(slot& of, const place& at, const event& one, Apply&& apply, event_stamp stamp,
                   timestamp passed_on) {
        if (!of.stacks.empty()) {
            of.stacks.take_back(at.pane, apply);
            of.is_changed = true;
        }
        correct_closed(of, at, one, apply, false, stamp, passed_on);
    }

    /// Whether a further pane has to wait with the others of its key; what is furthest ahead makes
    /// room.
    [[nodiscard]] bool has_room_for(slot& of, timestamp pane) {
        if (of.stacks.waiting() < this->window_limit_ || pane < of.stacks.until()) return true;
        if (of.stacks.holds(pane)) return true;
        ++this->refused_;
        if (of.stacks.newest() < pane) return false;
        of.stacks.drop_newest();
        if (of.stacks.empty()) --open_;
        return true;
    }

    /// Closes the key's window that ends there, if it holds anything. What the slot needs no more
    /// is gone before a consumer can throw.
    /// @param flips whether it is the key's turn, see `flips_at`
    void close(slot& of, timestamp end, bool flips, trigger why, timestamp watermark,
               timestamp passed_on) {
        if (of.stacks.empty()) return;
        const window_bounds bounds = bounds_of(end);
        of.stacks.advance(bounds.start, end, flips);
        const bool gives = of.stacks.has_taken();
        cell due{};
        if (gives) {
            due = {of.stacks.total(bounds.start, end), end};
            due.is_changed = true;
            if (of.shown_end == end) due.published = of.shown;
            if (of.stacks.newest() < bounds.start + this->window_.slide()) of.stacks.clear();
        }
        if (of.stacks.empty()) --open_;
        if (!gives) return;
        const bool is_kept =
            base::is_corrected && why == trigger::watermark && this->gone_at(end) > watermark;
        const std::size_t before = of.bytes();
        cell& held = is_kept ? of.closed.push_back(std::move(due)) : due;
        pane_bytes_ += of.bytes() - before;
        this->fire(of.key, bounds, held, why, watermark, passed_on);
    }

    /// Says the last of the key's oldest closed window.
    void conclude_oldest(slot& of, trigger why, timestamp watermark, timestamp passed_on) {
        cell last = std::move(of.closed.front());
        of.closed.pop_front();
        if constexpr (base::is_concluded)
            if (why != trigger::evicted)
                this->conclude(of.key, bounds_of(last.end), last, why, watermark, passed_on);
    }

    /// Which keys turn their stacks over when a window closes: another part of them each time, so
    /// that none costs much more than the others.
    [[nodiscard]] std::uint32_t phase_of(timestamp end) const noexcept {
        const std::int64_t phase = this->window_.number_of(end) % flip_period_;
        return static_cast<std::uint32_t>(phase < 0 ? phase + flip_period_ : phase);
    }
    [[nodiscard]] bool flips_at(std::uint32_t phase, std::uint32_t number) const noexcept {
        return number % static_cast<std::uint32_t>(flip_period_) == phase;
    }

    /// The end of the first window behind `closed` that may hold something of the key, which holds
    /// something; the end of time where there is none.
    [[nodiscard]] timestamp next_end(const slot& of, timestamp closed) const noexcept {
        closed = std::max(closed, of.stacks.until());
        // The oldest panes may belong only to windows that have closed.
        for (timestamp from = of.stacks.oldest();;) {
            const place at = place_of(from);
            if (at.last_end > closed) return at.first_end_behind(closed, this->window_.slide());
            if (from == of.stacks.newest()) return timestamp::max();
            from = of.stacks.first_from(from + duration{1});
        }
    }

    /// Likewise behind one that was just closed, and perhaps earlier than need be.
    [[nodiscard]] timestamp end_behind(const slot& of, timestamp closed) const noexcept {
        const timestamp end = std::max(closed, of.stacks.until()) + this->window_.slide();
        return of.stacks.oldest() < end ? end : this->window_.first_end(of.stacks.oldest());
    }

    /// Shows the key's first open window, or one behind it that was shown before, unless that was
    /// shown as it is. False where `may_show()` says no.
    template <class MayShow>
    bool show_open(slot& of, timestamp watermark, MayShow&& may_show) {
        if (of.stacks.empty()) return true;
        timestamp end = next_end(of, watermark);
        if (end == timestamp::max()) return true;
        end = std::max(end, of.shown_end);  // it counts what it has shown of one window alone
        if (of.shown_end == end && !of.is_changed) return true;
        if (!may_show()) return false;
        const window_bounds bounds = bounds_of(end);
        const timestamp held = of.stacks.first_from(bounds.start);
        if (held < bounds.start || held >= end) return true;
        cell as_it_is{of.stacks.total(bounds.start, end)};
        if (as_it_is.events.none()) return true;
        as_it_is.published = of.shown_end == end ? of.shown : 0;
        of.shown_end = end;
        of.shown = as_it_is.published + 1;
        of.is_changed = false;
        this->show(of.key, bounds, as_it_is, watermark);
        return true;
    }

    /// That a slot that was loaded fits the windows, and has closed none that is ahead of its time.
    template <class Archive>
    void check_loaded(Archive& ar, slot& of, timestamp watermark) {
        of.stacks.for_each_start([&](timestamp start) {
            ar.require(this->window_.can_hold(start) && this->window_.pane_of(start) == start);
        });
        for (std::uint32_t i = 0; i < of.closed.size(); ++i)
            ar.require(of.closed[i].end <= watermark && this->window_.is_end(of.closed[i].end));
        const timestamp until = of.stacks.until();
        ar.require(until == timestamp::min() ||
                   (until <= watermark && this->window_.is_end(until)));
        if (!of.stacks.empty()) ++open_;
        pane_bytes_ += of.bytes();
    }

    /// Of a key that is empty.
    template <class Table, class Slot>
    void erase(Table& from, Slot& of) {
        pane_bytes_ -= of.bytes();
        from.erase(of);
    }

    std::uint64_t open_ = 0;      // keys that have an open window
    std::size_t pane_bytes_ = 0;  // beside the slots

private:
    template <class Apply>
    void correct_closed([[maybe_unused]] slot& of, [[maybe_unused]] const place& at,
                        [[maybe_unused]] const event& one, [[maybe_unused]] Apply&& apply,
                        [[maybe_unused]] bool is_new, [[maybe_unused]] event_stamp stamp,
                        [[maybe_unused]] timestamp passed_on) {
        if constexpr (base::is_corrected) {
            const timestamp watermark = stamp.watermark;
            const duration slide = this->window_.slide();
            timestamp end = at.first_end_behind(saturated_add(watermark, -this->lateness_), slide);
            first_exception thrown;  // the other windows take the event as well
            std::uint32_t i = 0;
            for (; end <= watermark && end <= at.last_end; end += slide) {
                while (i < of.closed.size() && of.closed[i].end < end) ++i;
                if (i == of.closed.size() || of.closed[i].end != end) {
                    if (!is_new) continue;
                    of.closed.insert(i, cell{{}, end});
                }
                cell& each = of.closed[i];
                if (!is_new && each.events.none()) continue;
                const auto change = [&](cell& to) {
                    apply(to);
                    to.is_changed = true;
                };
                thrown.guard([&] {
                    this->correct(of.key, bounds_of(end), each, one, stamp, change, passed_on);
                });
            }
            thrown.rethrow();
        }
    }

    std::int64_t flip_period_;
};

}  // namespace millrace::detail
