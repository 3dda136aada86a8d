#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>
#include <millrace/pipeline/detail/windows/interval_queue.hpp>

namespace millrace::detail {

/// What windows with a time shared by all keys, and those with a time for each, have in common:
/// their settings, what they count, and the records that they give.
template <class Stream, class Analyzer, class OnLate, class Next>
class window_base {
public:
    static constexpr bool wants_wall_time =
        intervals_in<decltype(Stream::windowing_type::firing_type::early)> != 0 ||
        Next::wants_wall_time;

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void active() { next_.active(); }
    void wall_time(timestamp now) { next_.wall_time(now); }
    void begin_batch() { next_.begin_batch(); }
    void end_batch() { next_.end_batch(); }
    [[nodiscard]] bool has_room() const { return next_.has_room(); }
    void flush() { next_.flush(); }
    void settle() { next_.settle(); }

protected:
    /// Whether windows outlive their firing, to be corrected.
    using changes = typename Stream::windowing_type::changes_type;
    static constexpr bool is_corrected = std::derived_from<changes, updating>;
    /// Which triggers there are beside the window's end. With any, a cell keeps what it gave.
    using firing_type = typename Stream::windowing_type::firing_type;
    static constexpr bool has_early = firing_type::has_early;
    static constexpr bool has_late = firing_type::has_late;
    static constexpr bool has_triggers = has_early || has_late;
    static constexpr bool has_interval = intervals_in<decltype(firing_type::early)> != 0;
    /// Whether it says so when they can be corrected no more, or what it did not say before.
    static constexpr bool is_concluded = std::same_as<changes, updating> || has_late;
    /// Whether what was given may be corrected.
    static constexpr bool gives_updates = is_corrected || Stream::is_updating;

    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using record_type = record<key_type, result_of<Analyzer>>;

    window_base(const Stream& in, OnLate on_late, Next next)
        : key_by_{in.key},
          window_{in.windowing.window},
          lateness_{in.windowing.allowed_lateness},
          key_limit_{in.windowing.key_limit},
          window_limit_{in.windowing.window_limit},
          firing_{in.windowing.firing},
          on_late_{std::move(on_late)},
          next_{std::move(next)} {}

    /// Past this watermark nothing about a window that ends at `end` can change.
    [[nodiscard]] timestamp gone_at(timestamp end) const noexcept {
        return saturated_add(end, lateness_);
    }

    /// Whether the event's window can take no more; the event is late then, and counted.
    [[nodiscard]] bool is_late(const event& one, window_bounds bounds, timestamp watermark) {
        if (gone_at(bounds.end) > watermark) return false;
        note_late(one);
        return true;
    }

    void note_late(const event& one) {
        ++late_;
        on_late_(one);
    }

    // A cell is what a window holds of a key: an analyzer `state`, a count of records `published`,
    // `is_changed` since the last of them, `is_given` where the stages behind count one of them,
    // `events`, and `triggers`. Those stages were told of the watermark `passed_on`, and judge
    // records by that.

    /// Also where the analyzer threw at all that came.
    template <class Cell>
    [[nodiscard]] static bool is_empty(const Cell& of) noexcept {
        return of.events.none() || (of.published == 0 && !of.is_changed);
    }

    /// Gives what a window that closes holds.
    template <class Cell>
    void fire(const key_type& key, window_bounds bounds, Cell& of, trigger why, timestamp watermark,
              timestamp passed_on) {
        const bool is_final =
            why == trigger::stop || (why != trigger::evicted && gone_at(bounds.end) <= watermark);
        if constexpr (has_triggers) {
            restart_early(of);
            return give(key, bounds, of, why, watermark, passed_on, is_final);
        }
        if (is_empty(of)) return;
        of.is_given = true;
        next_.push(make_record(key, bounds, of, why, watermark, is_final),
                   stamp_of(bounds, passed_on));
    }

    /// Told of an event, which is in the cell of an open window already.
    template <class Cell>
    [[nodiscard]] bool fires_early(Cell& of, const event& one, event_stamp at) requires has_early {
        return of.triggers.early.on_event(firing_.early, one, at);
    }

    /// Gives what an open window holds so far.
    template <class Cell>
    void give_early(const key_type& key, window_bounds bounds, Cell& of, timestamp watermark,
                    timestamp passed_on) requires has_early {
        restart_early(of);
        give(key, bounds, of, trigger::early, watermark, passed_on, false);
    }

    /// Changes a window that has fired by `apply(state)`, for `one`, and gives what became of it.
    template <class Cell, class Apply>
    void correct(const key_type& key, window_bounds bounds, Cell& of, const event& one,
                 event_stamp stamp, Apply&& apply, timestamp passed_on) requires gives_updates {
        ++corrected_;
        const timestamp watermark = stamp.watermark;
        if constexpr (has_triggers) {
            apply(of);
            if constexpr (has_late) {
                if (!of.triggers.late.on_event(firing_.late, one, stamp)) return;
                of.triggers.late.restart(firing_.late);
            }
            return give(key, bounds, of, trigger::late, watermark, passed_on, false);
        }
        std::optional<record_type> before;
        if (of.is_given) before = last_record(key, bounds, of, watermark);
        apply(of);
        of.is_given = !of.events.none();
        const event_stamp at = stamp_of(bounds, passed_on);
        if (!before && !of.is_given) return;
        tell(before, make_record(key, bounds, of, trigger::late, watermark, false), of.is_given,
             at);
    }

    /// Repeats what a window gave last, once nothing can correct it any more.
    template <class Cell>
    void conclude(const key_type& key, window_bounds bounds, Cell& of, trigger why,
                  timestamp watermark, timestamp passed_on) requires gives_updates {
        constexpr bool says_final = !std::same_as<changes, never_final>;
        if constexpr (has_triggers) {
            if (says_final || of.is_changed)
                give(key, bounds, of, why, watermark, passed_on, says_final);
            return;
        }
        if (!of.is_given) return;
        const record_type before = last_record(key, bounds, of, watermark);
        next_.update(before, make_record(key, bounds, of, why, watermark, true),
                     stamp_of(bounds, passed_on));
    }

    /// The record that takes back what was said of a window that is no more.
    struct withdrawal {
        record_type row;
        event_stamp at;
        bool was_given;
    };
    template <class Cell>
    [[nodiscard]] withdrawal withdrawal_of(const key_type& key, window_bounds bounds, Cell& of,
                                           timestamp watermark, timestamp passed_on) {
        withdrawal made{make_record(key, bounds, of, trigger::late, watermark, false),
                        stamp_of(bounds, passed_on), of.is_given};
        if constexpr (has_triggers)
            if (of.is_given) made.row.result = named_result(of.triggers.given);
        made.row.change = change::remove;
        return made;
    }
    void withdraw(const withdrawal& of) {
        if (!of.was_given) {
            next_.preview(of.row, of.at);
        } else if constexpr (gives_updates) {
            next_.remove(of.row, of.at);
        }
    }

    template <class Cell>
    void show(const key_type& key, window_bounds bounds, Cell& of, timestamp watermark) {
        if (of.events.none()) return;
        next_.preview(make_record(key, bounds, of, trigger::idle, watermark, false),
                      stamp_of(bounds, watermark));
    }

    template <class Stats>
    void collect_counts(Stats& stats, timestamp watermark) const {
        stats.late += late_;
        stats.corrected += corrected_;
        stats.refused_keys += refused_;
        stats.watermark = std::max(stats.watermark, watermark);
        next_.collect(stats);
    }

    template <class Archive>
    void archive_counts(Archive& ar) {
        ar(late_, corrected_, refused_, intervals_, next_);
    }

    [[nodiscard]] duration interval() const noexcept requires has_interval {
        return std::get<every>(firing_.early).interval();
    }

    key_by key_by_;
    typename Stream::windowing_type::window_type window_;
    duration lateness_;
    std::size_t key_limit_;
    std::size_t window_limit_;
    [[no_unique_address]] firing_type firing_;
    OnLate on_late_;
    Next next_;
    std::uint64_t late_ = 0;
    std::uint64_t corrected_ = 0;
    std::uint64_t refused_ = 0;
    [[no_unique_address]] std::conditional_t<has_interval, interval_queue, no_intervals> intervals_;

private:
    template <class Cell>
    void restart_early(Cell& of) {
        if constexpr (has_early) of.triggers.early.restart(firing_.early);
        if constexpr (has_interval) of.triggers.interval.due = timestamp::max();
    }

    /// Gives what a window holds in the place of what it gave last.
    template <class Cell>
    void give(const key_type& key, window_bounds bounds, Cell& of, trigger why, timestamp watermark,
              timestamp passed_on, bool is_final) {
        const event_stamp at = stamp_of(bounds, passed_on);
        if (!of.is_given && is_empty(of)) return;
        std::optional<record_type> before;
        if (of.is_given) before = last_record(key, bounds, of, watermark);
        of.is_given = !of.events.none();
        record_type row = make_record(key, bounds, of, why, watermark, is_final && of.is_given);
        of.triggers.given = of.state;
        tell(before, std::move(row), of.is_given, at);
    }

    /// Gives a record in the place of `before`, or of none; where it does not hold, takes that
    /// back.
    void tell(const std::optional<record_type>& before, record_type row, bool holds,
              event_stamp at) {
        if (!before) {
            next_.push(row, at);
        } else if (holds) {
            next_.update(*before, row, at);
        } else {
            row.change = change::remove;
            row.result = before->result;
            next_.remove(row, at);
        }
    }

    template <class Cell>
    record_type make_record(const key_type& key, window_bounds bounds, Cell& of, trigger why,
                            timestamp watermark, bool is_final) {
        of.is_changed = false;
        const change as = of.published == 0 ? change::insert : change::update;
        return {key,       bounds, named_result(of.state), as, of.published++, is_final, why,
                watermark, late_};
    }

    /// What the stages behind count, as far as they may rely on it.
    template <class Cell>
    record_type last_record(const key_type& key, window_bounds bounds, const Cell& of,
                            timestamp watermark) const {
        const std::uint32_t revision = of.published - 1;
        const change as = revision == 0 ? change::insert : change::update;
        const auto& last = [&]() -> const auto& {
            if constexpr (has_triggers) {
                return of.triggers.given;
            } else {
                return of.state;
            }
        }
        ();
        return {key,   bounds,        named_result(last), as,   revision,
                false, trigger::late, watermark,          late_};
    }

    static event_stamp stamp_of(window_bounds bounds, timestamp watermark) noexcept {
        return {bounds.end - duration{1}, watermark};
    }
};

}  // namespace millrace::detail
