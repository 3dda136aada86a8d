#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/closing/closing_base.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/failed_events.hpp>
#include <millrace/pipeline/detail/windows/correction.hpp>
#include <millrace/pipeline/detail/windows/waiting_events.hpp>
#include <millrace/pipeline/detail/windows/window_base.hpp>
#include <millrace/pipeline/detail/windows/window_table.hpp>

namespace millrace::detail {

/// Folds a stream of one watermark into an analyzer for each key and window. The keys of a window
/// stand in one table, which goes as a whole. An event costs one look-up and the analyzer's update;
/// it allocates only when it opens a window or a key.
template <class Stream, class Analyzer, class OnLate, class Next>
class window_node : public closing_base<window_node<Stream, Analyzer, OnLate, Next>,
                                        window_base<Stream, Analyzer, OnLate, Next>> {
    using base = window_base<Stream, Analyzer, OnLate, Next>;
    using closing = closing_base<window_node, base>;
    friend closing;
    using typename base::event;
    using pane = window_table<typename base::key_type, Analyzer, Stream::is_updating,
                              typename base::firing_type>;
    using cell = typename pane::cell;
    static constexpr bool can_wait = may_wait<event>() && !Stream::is_updating &&
                                     !base::has_early &&
                                     !std::same_as<typename base::key_type, no_key>;

public:
    window_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace,
                failed_events& failed)
        : closing{pace, in, std::move(on_late), std::move(next)}, failed_{failed} {}

    [[gnu::always_inline]] void push(const event& one, event_stamp at) {
        if (current_ == nullptr || !current_->takes(at.time)) [[unlikely]]
            return push_elsewhere(one, at);
        const std::size_t hash = hash_in(*current_, one);
        if constexpr (can_wait) {
            if (waiting_.is_on) {
                if (waiting_.add(current_->cells, hash, one, failed_.in_hand())) [[likely]]
                    return;
                apply_waiting();
                if (waiting_.add(current_->cells, hash, one, failed_.in_hand())) return;
            }
        }
        if (cell* const found = find_or_add(*current_, hash, one)) {
            add(*found, one);
            if constexpr (base::has_early) tell_early(*current_, *found, one, at);
        }
    }

    void begin_batch() {
        is_in_batch_ = true;
        note_distance();
        this->next_.begin_batch();
    }

    void end_batch() {
        is_in_batch_ = false;
        apply_waiting();
        if constexpr (can_wait) {
            waiting_.is_on = false;
            waiting_.rethrow();
        }
        this->next_.end_batch();
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

    template <class Stats>
    void collect(Stats& stats) const {
        std::size_t keys = 0;
        for (const pane& each : panes_) {
            keys = std::max(keys, each.size());
            stats.state_bytes += each.bytes();
            if (!each.is_fired) stats.open_windows += each.size() - each.met;
        }
        stats.keys += keys;
        stats.state_bytes +=
            panes_.capacity() * sizeof(pane) + spares_.bytes() + this->intervals_.bytes();
        this->collect_counts(stats, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (!Archive::is_loading) apply_waiting();
        ar.version(1);
        this->archive_closing(ar);
        ar(forgotten_, panes_);
        this->archive_counts(ar);
        if constexpr (Archive::is_loading) {
            ar.require(std::ranges::is_sorted(panes_, {}, end_of));
            note_panes();
            if constexpr (base::has_interval) restore_intervals();
        }
    }

private:
    [[nodiscard, gnu::always_inline]] decltype(auto) key_of_event(const event& one) const {
        return project(this->key_by_.projection, one);
    }

    [[nodiscard, gnu::always_inline]] std::size_t hash_in(const pane& in, const event& one) const {
        return in.cells.hash_of(key_of_event(one));
    }

    [[nodiscard, gnu::always_inline]] cell* find_or_add(pane& in, std::size_t hash,
                                                        const event& one) {
        if (cell* const found = in.find(hash, key_of_event(one))) [[likely]]
            return found;
        return add_key(in, hash, one);
    }

    [[gnu::noinline]] cell* add_key(pane& in, std::size_t hash, const event& one) {
        cell* const added = in.add(hash, key_of_event(one), this->key_limit_);
        if (added == nullptr) ++this->refused_;
        return added;
    }

    /// The events of the newest window that wait.
    [[gnu::noinline]] void apply_waiting() noexcept {
        if constexpr (can_wait) {
            if (waiting_.empty()) return;
            const auto key = [this](const event& one) -> decltype(auto) {
                return key_of_event(one);
            };
            const auto take = [this](cell* found, std::size_t hash, const event& one) {
                if (found == nullptr || current_->has_order())
                    found = find_or_add(*current_, hash, one);
                if (found != nullptr) add(*found, one);
            };
            waiting_.apply(current_->cells, key, take, failed_);
        }
    }

    void note_distance() noexcept {
        if constexpr (can_wait)
            waiting_.is_on = is_in_batch_ && current_ != nullptr && current_->cells.is_far();
    }

    [[gnu::noinline]] void push_elsewhere(const event& one, event_stamp at) {
        apply_waiting();
        if (is_closing_) this->catch_up();
        pane* const here = find_or_open(one, at);
        cell* const found =
            here == nullptr ? nullptr : find_or_add(*here, hash_in(*here, one), one);
        if (found == nullptr) return;
        const auto change = [&](cell& of) { add(of, one); };
        if constexpr (base::gives_updates) {
            if (here->is_fired)
                return this->correct(found->key, here->bounds(), *found, one, at, change,
                                     passed_on_);
        }
        change(*found);
        current_ = here;
        note_distance();
        if constexpr (base::has_early) tell_early(*here, *found, one, at);
    }

    [[gnu::always_inline]] static void add(cell& to, const event& one) {
        to.state.update(one);
        to.events.add();
        to.is_changed = true;
    }

    /// Changes what the window of an earlier event holds of the key.
    template <class Key, class Apply>
    void take_back(const Key& sought, const event& one, event_stamp at,
                   [[maybe_unused]] bool has_event, Apply&& apply) {
        if (is_closing_) this->catch_up();
        const window_bounds bounds = this->window_.assign(at.time);
        if (this->is_late(one, bounds, at.watermark)) return;
        pane* const here = find_pane(bounds);
        cell* const found = here == nullptr ? nullptr : here->cells.find(sought);
        if (found == nullptr || found->events.none()) return;
        found->is_changed = true;
        if (here->is_fired) {
            this->correct(found->key, bounds, *found, one, at, apply, passed_on_);
        } else {
            apply(*found);
            if constexpr (base::has_early) tell_early(*here, *found, one, at, has_event);
        }
    }

    /// Of an event that an open window has taken in, or of its removal.
    void tell_early(pane& in, cell& of, const event& one, event_stamp at, bool has_event = true) {
        if (has_event && this->fires_early(of, one, at))
            return this->give_early(of.key, in.bounds(), of, watermark_, passed_on_);
        if constexpr (base::has_interval) {
            const auto place = [&] {
                return interval_place{in.bounds().end, in.bounds().start, in.cells.number_of(of)};
            };
            this->intervals_.note(of.triggers.interval, this->interval(), place);
        }
    }

    void restore_intervals() {
        for (pane& each : panes_) {
            std::uint32_t number = 0;
            if (each.is_fired) continue;
            for (; number != each.cells.slots(); ++number)
                this->intervals_.restore(each.cells[number].triggers.interval,
                                         {each.bounds().end, each.bounds().start, number});
        }
    }

    /// What is due by the wall's clock; false where it is put off.
    bool fire_intervals() {
        return this->intervals_.fire(
            this->interval(),
            [this](const interval_place& at) -> cell* {
                pane* const in = find_pane({at.start, at.end});
                if (in == nullptr || in->is_fired || at.number >= in->cells.slots()) return nullptr;
                return &in->cells[at.number];
            },
            [this] { return this->may_close(); },
            [this](const interval_place& at, cell& of) {
                this->give_early(of.key, {at.start, at.end}, of, watermark_, passed_on_);
            });
    }

    /// The window of an event that does not fall into the newest; null where it is gone.
    pane* find_or_open(const event& one, event_stamp at) {
        const window_bounds bounds = this->window_.assign(at.time);
        if (this->is_late(one, bounds, at.watermark)) return nullptr;
        if (pane* const found = find_pane(bounds)) return found;
        if (bounds.end <= forgotten_) {
            this->note_late(one);
            return nullptr;
        }
        if (panes_.size() >= this->window_limit_ && !make_room(bounds.end)) {
            ++this->refused_;
            return nullptr;
        }
        pane opened = spares_.take(bounds);
        auto place = std::ranges::lower_bound(panes_, bounds.end, {}, end_of);
        // The newest is likely to get as many keys as the one before; an old one gets few.
        if (place == panes_.end() && !panes_.empty() && opened.cells.size() == 0)
            opened.cells.expect(panes_.back().size());
        place = panes_.insert(place, std::move(opened));
        place->is_fired = bounds.end <= watermark_;
        note_panes();
        return &*place;
    }

    [[nodiscard]] pane* find_pane(window_bounds bounds) {
        auto place = std::ranges::lower_bound(panes_, bounds.end, {}, end_of);
        for (; place != panes_.end() && place->bounds().end == bounds.end; ++place)
            if (place->bounds() == bounds) return &*place;
        return nullptr;
    }

    /// Makes room for a window that ends at `end`: what is kept only for late events goes first,
    /// the oldest of it, and is late from then on; then what is furthest ahead. Neither who sends
    /// what is old nor who is ahead takes the place of the present.
    bool make_room(timestamp end) {
        if (panes_.front().is_fired && end_of(panes_.front()) < end) {
            forgotten_ = end_of(panes_.front());
            conclude_all(panes_.front(), trigger::watermark, [] { return true; });
            drop(panes_.begin());
            return true;
        }
        const auto furthest = std::prev(panes_.end());
        if (end <= watermark_ || end >= end_of(*furthest)) return false;
        while (furthest->met < furthest->size()) {
            cell& each = (*furthest)[furthest->met++];
            this->fire(each.key, furthest->bounds(), each, trigger::evicted, watermark_,
                       passed_on_);
        }
        drop(furthest);
        return true;
    }

    void drop(typename std::vector<pane>::iterator done) {
        spares_.put(std::move(*done), this->key_limit_);
        panes_.erase(done);
        note_panes();
    }

    [[nodiscard]] bool is_due(timestamp to) const noexcept { return to >= due_; }

    [[gnu::noinline]] bool close_windows() {
        apply_waiting();
        current_ = nullptr;
        for (pane& each : panes_) {
            if (!is_finished_ && each.bounds().end > watermark_) break;
            if (each.is_fired) {
                if (!is_gone(each)) continue;
                if (!conclude_all(each, why_, [this] { return this->may_close(); })) return false;
            }
            while (!each.is_fired && each.met < each.size()) {
                if (!this->may_close()) return false;
                cell& due = each[each.met++];
                this->fire(due.key, each.bounds(), due, why_, watermark_, passed_on_);
            }
            if (std::exchange(each.is_fired, true) || is_gone(each)) continue;
            each.met = 0;
        }
        auto kept = panes_.begin();
        for (; kept != panes_.end() && is_gone(*kept); ++kept)
            spares_.put(std::move(*kept), this->key_limit_);
        panes_.erase(panes_.begin(), kept);
        return true;
    }
    void end_close() { note_panes(); }

    [[nodiscard]] bool is_gone(const pane& each) const noexcept {
        return is_finished_ || this->gone_at(each.bounds().end) <= watermark_;
    }

    /// Of a pane that has fired before; false where it is put off.
    template <class MayClose>
    bool conclude_all([[maybe_unused]] pane& of, [[maybe_unused]] trigger why,
                      [[maybe_unused]] MayClose&& may_close) {
        if constexpr (base::is_concluded) {
            while (of.met < of.size()) {
                if (!may_close()) return false;
                cell& each = of[of.met++];
                this->conclude(each.key, of.bounds(), each, why, watermark_, passed_on_);
            }
        }
        return true;
    }

    void begin_preview() noexcept {
        for (pane& each : panes_) each.to_preview = 0;
    }
    bool show_windows() {
        for (pane& each : panes_) {
            if (each.is_fired) continue;
            for (; each.to_preview < each.size(); ++each.to_preview) {
                cell& at = each[each.to_preview];
                if (!at.is_changed) continue;
                if (!this->may_close()) return false;
                this->show(at.key, each.bounds(), at, watermark_);
            }
        }
        return true;
    }

    static timestamp end_of(const pane& each) noexcept { return each.bounds().end; }

    /// To be called when panes have come, fired or gone.
    void note_panes() {
        const auto open = std::ranges::find_if(panes_, [](const pane& p) { return !p.is_fired; });
        current_ = nullptr;
        due_ = open == panes_.end() ? timestamp::max() : open->bounds().end;
        if (!panes_.empty()) due_ = std::min(due_, this->gone_at(panes_.front().bounds().end));
    }

    using closing::is_closing_, closing::is_finished_, closing::passed_on_, closing::watermark_,
        closing::why_;

    std::vector<pane> panes_;  // by their ends
    pane* current_ = nullptr;  // took the latest event, and has not fired
    spare_panes<pane> spares_;
    timestamp due_ = timestamp::max();
    timestamp forgotten_ = timestamp::min();  // the last end of those dropped before their time
    [[no_unique_address]] std::conditional_t<can_wait, waiting_events<event>, no_waiting_events>
        waiting_;  // of `current_`
    failed_events& failed_;
    bool is_in_batch_ = false;
};

}  // namespace millrace::detail
