#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/closing/key_closing_base.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/correction.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>
#include <millrace/pipeline/detail/windows/window_base.hpp>

namespace millrace::detail {

/// Folds a stream whose keys each have a watermark of their own into an analyzer for each key and
/// window. Windows close at once, not in slices.
template <class Stream, class Analyzer, class OnLate, class Next>
class key_window_node : public key_closing_base<key_window_node<Stream, Analyzer, OnLate, Next>,
                                                window_base<Stream, Analyzer, OnLate, Next>> {
    using base = window_base<Stream, Analyzer, OnLate, Next>;
    using closing = key_closing_base<key_window_node, base>;
    friend closing;
    using typename base::event;
    using typename base::key_type;

public:
    key_window_node(const Stream& in, OnLate on_late, Next next)
        : closing{in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(this->key_by_.projection, one);
        slot* found = table_.find(sought);
        if (found != nullptr && found->windows.back().takes(at.time))
            return update(*found, found->windows.back(), one, at);
        const window_bounds bounds = this->window_.assign(at.time);
        if (this->is_late(one, bounds, at.watermark)) return;
        cell* in = nullptr;
        if (found != nullptr || table_.size() < this->key_limit_) {
            if (found == nullptr) {
                table_.make_room_to_erase();
                found = &table_.add(sought);
                found->watermark = at.watermark;
            }
            const at_exit settle{[&] {
                if (found->windows.empty()) table_.erase(*found);
            }};
            in = find_or_open(*found, bounds, at.watermark);
        }
        if (in == nullptr) {
            ++this->refused_;
        } else {
            update(*found, *in, one, at);
        }
    }

    void update(const event& before, const event& after,
                event_stamp at) requires Stream::is_updating {
        if (is_repetition(before, after)) return;
        if (!stays_in_place<Analyzer>(this->key_by_, before, after))
            return remove_and_push(*this, before, after, at);
        take_back(project(this->key_by_.projection, after), after, at, true, [&](cell& of) {
            of.state.retract(before);
            of.state.update(after);
        });
    }

    void remove(const event& gone, event_stamp at) requires Stream::is_updating {
        if (is_refused_by<Analyzer>(gone)) return;
        take_back(project(this->key_by_.projection, gone), gone, at, false, [&](cell& of) {
            of.state.retract(gone);
            of.events.remove();
        });
    }

    void wall_time(timestamp now) {
        first_exception thrown;
        if constexpr (base::has_interval) {
            this->intervals_.read(now);
            const auto find = [this](const interval_place& at) -> cell* {
                if (at.number >= table_.slots()) return nullptr;
                auto& windows = table_[at.number].windows;
                const auto in =
                    std::ranges::find(windows, window_bounds{at.start, at.end}, &cell::bounds);
                return in == windows.end() || in->is_fired ? nullptr : &*in;
            };
            const auto give = [&](const interval_place& at, cell& in) {
                const slot& of = table_[at.number];
                thrown.guard(
                    [&] { this->give_early(of.key, in.bounds, in, of.watermark, of.watermark); });
            };
            this->intervals_.fire(
                this->interval(), find, [] { return true; }, give);
        }
        this->next_.wall_time(now);
        thrown.rethrow();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.keys += table_.size();
        stats.state_bytes += table_.bytes() + open_ * sizeof(cell) + this->intervals_.bytes();
        stats.open_windows += open_;
        this->collect_counts(stats, this->latest_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, this->latest_, open_);
        this->archive_counts(ar);
        if constexpr (Archive::is_loading) {
            table_.for_each([&](slot& each) {
                ar.require(!each.windows.empty());
                ar.require(std::ranges::is_sorted(each.windows, {}, end_of));
                for (const cell& in : each.windows) ar.require(in.bounds.start < in.bounds.end);
                note_due(each);
                if constexpr (base::has_interval) {
                    for (cell& in : each.windows)
                        if (!in.is_fired)
                            this->intervals_.restore(
                                in.triggers.interval,
                                {in.bounds.end, in.bounds.start, table_.number_of(each)});
                }
            });
        }
    }

private:
    struct cell {
        window_bounds bounds{};
        Analyzer state{};
        [[no_unique_address]] event_tally<Stream::is_updating> events{};
        [[no_unique_address]] cell_triggers<typename base::firing_type, Analyzer> triggers{};
        std::uint32_t published = 0;
        bool is_fired = false;
        bool is_changed = false;
        bool is_given = false;

        [[nodiscard]] bool takes(timestamp time) const noexcept {
            return bounds.start <= time && time < bounds.end;
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(bounds, state, events, triggers, published, is_fired, is_changed, is_given);
        }
    };

    struct slot {
        key_type key{};
        std::vector<cell> windows{};  // by their ends; never empty
        timestamp due = timestamp::max();
        timestamp watermark = timestamp::min();  // that the stages behind were told

        void recycle() noexcept { recycle_slot(*this, &slot::windows); }
        template <class Archive>
        void archive(Archive& ar) {
            ar(key, windows, watermark);
        }
    };

    static timestamp end_of(const cell& each) noexcept { return each.bounds.end; }

    cell* find_or_open(slot& of, window_bounds bounds, timestamp watermark) {
        auto& windows = of.windows;
        auto place = std::ranges::lower_bound(windows, bounds.end, {}, end_of);
        for (; place != windows.end() && place->bounds.end == bounds.end; ++place)
            if (place->bounds == bounds) return &*place;
        if (windows.size() >= this->window_limit_ && !windows.empty()) return nullptr;
        cell& opened = *windows.insert(place, cell{bounds});
        opened.is_fired = bounds.end <= watermark;
        if (!opened.is_fired) ++open_;
        note_due(of);
        return &opened;
    }

    void update(slot& of, cell& in, const event& one, event_stamp at) {
        const auto add = [&](cell& to) {
            to.state.update(one);
            to.events.add();
            to.is_changed = true;
        };
        if constexpr (base::gives_updates) {
            if (in.is_fired)
                return this->correct(of.key, in.bounds, in, one, at, add, of.watermark);
        }
        add(in);
        if constexpr (base::has_early) tell_early(of, in, one, at);
    }

    /// Changes what the window of an earlier event holds of the key.
    template <class Key, class Apply>
    void take_back(const Key& sought, const event& one, event_stamp at,
                   [[maybe_unused]] bool has_event, Apply&& apply) {
        const window_bounds bounds = this->window_.assign(at.time);
        if (this->is_late(one, bounds, at.watermark)) return;
        slot* const of = table_.find(sought);
        if (of == nullptr) return;
        const auto in = std::ranges::find(of->windows, bounds, &cell::bounds);
        if (in == of->windows.end() || in->events.none()) return;
        in->is_changed = true;
        if (in->is_fired) {
            this->correct(of->key, bounds, *in, one, at, apply, of->watermark);
        } else {
            apply(*in);
            if constexpr (base::has_early) tell_early(*of, *in, one, at, has_event);
        }
    }

    /// Of an event that an open window has taken in, or of its removal.
    void tell_early(slot& of, cell& in, const event& one, event_stamp at, bool has_event = true) {
        if (has_event && this->fires_early(in, one, at))
            return this->give_early(of.key, in.bounds, in, of.watermark, of.watermark);
        if constexpr (base::has_interval) {
            this->intervals_.note(in.triggers.interval, this->interval(), [&] {
                return interval_place{in.bounds.end, in.bounds.start, table_.number_of(of)};
            });
        }
    }

    void show_open(slot& of) {
        for (cell& each : of.windows) {
            if (!each.is_fired && each.is_changed)
                this->show(of.key, each.bounds, each, of.watermark);
        }
    }

    void close_due(slot& of, timestamp to, trigger why) {
        const timestamp passed_on = of.watermark;
        if (to != timestamp::max()) this->note_watermark(of, to);
        first_exception thrown;
        for (cell& each : of.windows) {
            if (each.bounds.end > to) continue;
            if (!each.is_fired) {
                each.is_fired = true;
                --open_;
                thrown.guard(
                    [&] { this->fire(of.key, each.bounds, each, why, of.watermark, passed_on); });
            } else if constexpr (base::is_concluded) {
                if (why != trigger::evicted && this->gone_at(each.bounds.end) <= to)
                    thrown.guard([&] {
                        this->conclude(of.key, each.bounds, each, why, of.watermark, passed_on);
                    });
            }
        }
        std::erase_if(of.windows,
                      [&](const cell& each) { return this->gone_at(each.bounds.end) <= to; });
        if (of.windows.empty()) {
            table_.erase(of);
        } else {
            note_due(of);
        }
        thrown.rethrow();
    }

    void note_due(slot& of) const {
        of.due = timestamp::max();
        for (const cell& each : of.windows)
            of.due =
                std::min(of.due, each.is_fired ? this->gone_at(each.bounds.end) : each.bounds.end);
    }

    key_table<key_type, slot> table_;
    std::uint64_t open_ = 0;
};

}  // namespace millrace::detail
