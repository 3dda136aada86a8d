#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/pipeline/detail/closing/key_closing_base.hpp>
#include <millrace/pipeline/detail/windows/correction.hpp>
#include <millrace/pipeline/detail/windows/sliding_base.hpp>

namespace millrace::detail {

/// Sliding windows of a stream whose keys each have a watermark of their own. Windows close at
/// once, not in slices.
template <class Stream, class Analyzer, class OnLate, class Next>
class key_sliding_node : public key_closing_base<key_sliding_node<Stream, Analyzer, OnLate, Next>,
                                                 sliding_base<Stream, Analyzer, OnLate, Next>> {
    using base = sliding_base<Stream, Analyzer, OnLate, Next>;
    using closing = key_closing_base<key_sliding_node, base>;
    friend closing;
    using typename base::event;
    using typename base::key_type;
    using typename base::place;

public:
    key_sliding_node(const Stream& in, OnLate on_late, Next next)
        : closing{in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(this->key_by_.projection, one);
        slot* found = table_.find(sought);
        if (found != nullptr && found->current <= at.time && at.time < found->current_end)
            [[likely]] {
            if (auto* const part = found->stacks.waiting_at(found->current)) {
                base::adding(one)(*part);
                found->is_changed = true;
                return;
            }
        }
        if (!this->window_.can_hold(at.time)) return note_refused();
        const place here = this->place_of(this->window_.pane_of(at.time));
        if (here.is_between_windows()) return;
        if (this->gone_at(here.last_end) <= at.watermark) return this->note_late(one);
        if (found == nullptr) {
            if (table_.size() >= this->key_limit_) return note_refused();
            table_.make_room_to_erase();
            found = &table_.add(sought);
            found->is_used = true;
            found->watermark = at.watermark;
        } else if (!this->has_room_for(*found, here.pane)) {
            return;
        }
        const at_exit note{[&] {
            if (found->is_empty()) return this->erase(table_, *found);
            note_windows(*found, here, at.watermark);
        }};
        this->add(*found, here, one, at, found->watermark);
    }

    void update(const event& before, const event& after,
                event_stamp at) requires Stream::is_updating {
        if (is_repetition(before, after)) return;
        if (!stays_in_place<Analyzer>(this->key_by_, before, after))
            return remove_and_push(*this, before, after, at);
        take_back(project(this->key_by_.projection, after), after, at, [&](auto& of) {
            of.state.retract(before);
            of.state.update(after);
        });
    }

    void remove(const event& gone, event_stamp at) requires Stream::is_updating {
        if (is_refused_by<Analyzer>(gone)) return;
        take_back(project(this->key_by_.projection, gone), gone, at, [&](auto& of) {
            of.state.retract(gone);
            of.events.remove();
        });
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.keys += table_.size();
        stats.open_windows += this->open_;
        stats.state_bytes += table_.bytes() + this->pane_bytes_;
        this->collect_counts(stats, this->latest_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, this->latest_);
        this->archive_counts(ar);
        if constexpr (Archive::is_loading) {
            this->open_ = 0;
            this->pane_bytes_ = 0;
            table_.for_each([&](slot& each) {
                ar.require(each.is_used);
                ar.require(each.close_due == timestamp::max() ||
                           this->window_.is_end(each.close_due));
                this->check_loaded(ar, each, each.watermark);
                note_due(each);
            });
        }
    }

private:
    struct slot : base::slot {
        timestamp close_due = timestamp::max();  // the end of the next window that closes
        timestamp due = timestamp::max();
        timestamp watermark = timestamp::min();  // that the stages behind were told
        timestamp current{};      // the pane of the latest event, of which no window has closed
        timestamp current_end{};  // of the pane

        template <class Archive>
        void archive(Archive& ar) {
            base::slot::archive(ar);
            ar(close_due, watermark);
        }
    };

    /// What is due may be so earlier, now that the key holds something there.
    void note_windows(slot& of, const place& here, timestamp watermark) noexcept {
        if (here.last_end > watermark) {
            of.close_due =
                std::min(of.close_due, here.first_end_behind(watermark, this->window_.slide()));
        }
        note_due(of);
        if (here.first_end <= watermark) return;  // not all that it changes waits
        of.current = here.pane;
        of.current_end = here.pane + this->window_.pane();
    }

    void note_due(slot& of) const noexcept {
        of.due = of.close_due;
        if (!of.closed.empty()) of.due = std::min(of.due, this->gone_at(of.closed.front().end));
    }

    /// Changes what the windows of an earlier event hold of the key.
    template <class Key, class Apply>
    void take_back(const Key& sought, const event& one, event_stamp at, Apply&& apply) {
        if (!this->window_.can_hold(at.time)) return;
        const place here = this->place_of(this->window_.pane_of(at.time));
        if (here.is_between_windows()) return;
        if (this->gone_at(here.last_end) <= at.watermark) return this->note_late(one);
        if (slot* const of = table_.find(sought))
            base::take_back(*of, here, one, apply, at, of->watermark);
    }

    void show_open(slot& of) {
        base::show_open(of, of.watermark, [] { return true; });
    }

    void close_due(slot& of, timestamp to, trigger why) {
        const timestamp passed_on = of.watermark;
        if (to != timestamp::max()) this->note_watermark(of, to);
        of.current_end = of.current;
        const std::uint32_t number = table_.number_of(of);
        first_exception thrown;
        for (;;) {
            if (!of.closed.empty() && this->gone_at(of.closed.front().end) <= to) {
                thrown.guard([&] { this->conclude_oldest(of, why, of.watermark, passed_on); });
            } else if (of.close_due != timestamp::max() && of.close_due <= to) {
                const timestamp end = of.close_due;
                thrown.guard([&] {
                    this->close(of, end, this->flips_at(this->phase_of(end), number), why,
                                of.watermark, passed_on);
                });
                of.close_due = of.stacks.empty() ? timestamp::max() : this->end_behind(of, end);
            } else {
                break;
            }
        }
        if (of.is_empty()) {
            this->erase(table_, of);
        } else {
            note_due(of);
        }
        thrown.rethrow();
    }

    void note_refused() noexcept { ++this->refused_; }

    key_table<key_type, slot> table_;
};

}  // namespace millrace::detail
