#pragma once

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/pipeline/detail/closing/closing_base.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/windows/correction.hpp>
#include <millrace/pipeline/detail/windows/sliding_base.hpp>

namespace millrace::detail {

/// Sliding windows of a stream of one watermark. Windows close one end after the other, each in
/// one pass over the keys.
template <class Stream, class Analyzer, class OnLate, class Next>
class sliding_node : public closing_base<sliding_node<Stream, Analyzer, OnLate, Next>,
                                         sliding_base<Stream, Analyzer, OnLate, Next>> {
    using base = sliding_base<Stream, Analyzer, OnLate, Next>;
    using closing = closing_base<sliding_node, base>;
    friend closing;
    using typename base::event;
    using typename base::key_type;
    using typename base::place;
    using typename base::slot;

public:
    sliding_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace)
        : closing{pace, in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(this->key_by_.projection, one);
        slot* const found = table_.find(sought);
        if (found != nullptr && is_current(at.time)) [[likely]] {
            if (auto* const part = found->stacks.waiting_at(current_.pane)) [[likely]] {
                base::adding(one)(*part);
                found->is_changed = true;
                return;
            }
        }
        push_elsewhere(found, one, at);
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

    std::error_code finish() {
        const at_exit reset{[this] { met_ = 0; }};
        return closing::finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.keys += table_.size();
        stats.open_windows += this->open_;
        stats.state_bytes += table_.bytes() + this->pane_bytes_;
        this->collect_counts(stats, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        this->archive_closing(ar);
        ar(close_due_, table_);
        this->archive_counts(ar);
        if constexpr (Archive::is_loading) {
            ar.require(close_due_ == timestamp::max() || this->window_.is_end(close_due_));
            met_ = 0;
            this->open_ = 0;
            this->pane_bytes_ = 0;
            conclude_due_ = timestamp::max();
            current_end_ = current_.pane;
            table_.for_each([&](slot& each) {
                ar.require(each.is_used);
                this->check_loaded(ar, each, watermark_);
                if (!each.closed.empty())
                    conclude_due_ = std::min(conclude_due_, each.closed.front().end);
            });
            note_due();
        }
    }

private:
    [[nodiscard]] bool is_current(timestamp time) const noexcept {
        return current_.pane <= time && time < current_end_;
    }

    void push_elsewhere(slot* of, const event& one, event_stamp at) {
        const auto& sought = project(this->key_by_.projection, one);
        if (is_closing_) {
            this->catch_up();
            of = table_.find(sought);
        }
        if (!is_current(at.time)) {
            if (!this->window_.can_hold(at.time)) return note_refused();
            const place here = this->place_of(this->window_.pane_of(at.time));
            if (here.is_between_windows()) return;
            if (this->gone_at(here.last_end) <= at.watermark) return this->note_late(one);
            return push_to(of, here, one, at.time);
        }
        push_to(of, current_, one, at.time);
    }

    void push_to(slot* of, place here, const event& one, timestamp time) {
        if (of == nullptr) {
            if (table_.size() >= this->key_limit_) return note_refused();
            of = &table_.add(project(this->key_by_.projection, one));
            of->is_used = true;
        } else if (!this->has_room_for(*of, here.pane)) {
            return;
        }
        const at_exit note{[&] {
            if (of->is_empty()) return this->erase(table_, *of);
            note_windows(*of, here);
        }};
        this->add(*of, here, one, {time, watermark_}, passed_on_);
    }

    /// What is due may be so earlier, now that the key holds something there.
    void note_windows(const slot& of, const place& here) noexcept {
        if (here.last_end > watermark_) {
            close_due_ =
                std::min(close_due_, here.first_end_behind(watermark_, this->window_.slide()));
        }
        if (!of.closed.empty()) conclude_due_ = std::min(conclude_due_, of.closed.front().end);
        note_due();
        if (here.first_end <= watermark_) return;  // not all that it changes waits
        current_ = here;
        current_end_ = here.pane + this->window_.pane();
    }

    void note_due() noexcept { due_ = std::min(close_due_, this->gone_at(conclude_due_)); }
    void note_refused() noexcept { ++this->refused_; }

    /// Changes what the windows of an earlier event hold of the key.
    template <class Key, class Apply>
    void take_back(const Key& sought, const event& one, event_stamp at, Apply&& apply) {
        if (is_closing_) this->catch_up();
        if (!this->window_.can_hold(at.time)) return;
        const place here = this->place_of(this->window_.pane_of(at.time));
        if (here.is_between_windows()) return;
        if (this->gone_at(here.last_end) <= at.watermark) return this->note_late(one);
        if (slot* const of = table_.find(sought))
            base::take_back(*of, here, one, apply, {at.time, watermark_}, passed_on_);
    }

    [[nodiscard]] bool is_due(timestamp to) const noexcept { return to >= due_; }

    bool close_windows() {
        current_end_ = current_.pane;
        for (;;) {
            if (has_come(conclude_due_, this->gone_at(conclude_due_))) {
                if (!conclude_all()) return false;
            } else if (has_come(close_due_, close_due_)) {
                if (!close_all()) return false;
            } else {
                return true;
            }
        }
    }
    void end_close() noexcept { note_due(); }

    [[nodiscard]] bool has_come(timestamp end, timestamp at) const noexcept {
        return end != timestamp::max() && (is_finished_ || at <= watermark_);
    }

    /// The windows that end there have their last word.
    bool conclude_all() {
        return pass([this](slot& of) {
            if (of.closed.empty() || of.closed.front().end > conclude_due_) return true;
            if (!this->may_close()) return false;
            this->conclude_oldest(of, why_, watermark_, passed_on_);
            return true;
        });
    }

    /// The windows that end there close.
    bool close_all() {
        const timestamp end = close_due_;
        const std::uint32_t phase = this->phase_of(end);
        const bool is_done = pass([&](slot& of) {
            if (of.stacks.empty()) return true;
            if (end > of.stacks.until()) {
                if (!this->may_close()) return false;
                this->close(of, end, this->flips_at(phase, met_), why_, watermark_, passed_on_);
            }
            if (!of.stacks.empty()) next_close_ = std::min(next_close_, this->end_behind(of, end));
            return true;
        });
        if (is_done) close_due_ = std::exchange(next_close_, timestamp::max());
        return is_done;
    }

    /// Of all keys, from where it was broken off. False where it is put off.
    template <class Step>
    bool pass(Step&& step) {
        if (met_ == 0) next_close_ = next_conclude_ = timestamp::max();
        for (; met_ < table_.slots(); ++met_) {
            slot& each = table_[met_];
            if (!each.is_used) continue;
            if (!step(each)) return false;
            if (each.is_empty()) {
                this->erase(table_, each);
            } else if (!each.closed.empty()) {
                next_conclude_ = std::min(next_conclude_, each.closed.front().end);
            }
        }
        met_ = 0;
        conclude_due_ = next_conclude_;
        return true;
    }

    void begin_preview() noexcept { to_preview_ = 0; }
    bool show_windows() {
        for (; to_preview_ < table_.slots(); ++to_preview_) {
            slot& each = table_[to_preview_];
            if (!this->show_open(each, watermark_, [this] { return this->may_close(); }))
                return false;
        }
        return true;
    }

    using closing::is_closing_, closing::is_finished_, closing::passed_on_, closing::watermark_,
        closing::why_;

    key_table<key_type, slot> table_;
    place current_{};          // where the latest event lies, of which no window has closed
    timestamp current_end_{};  // of the pane
    timestamp close_due_ = timestamp::max();     // the end of the next window that closes
    timestamp conclude_due_ = timestamp::max();  // of the first that closed and is kept
    timestamp due_ = timestamp::max();
    std::uint32_t to_preview_ = 0;  // the first key that is not shown yet, where they are shown
    std::uint32_t met_ = 0;         // keys that the pass has met
    timestamp next_close_ = timestamp::max();  // as far as the pass has come
    timestamp next_conclude_ = timestamp::max();
};

}  // namespace millrace::detail
