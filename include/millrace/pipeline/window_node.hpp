#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/node.hpp>
#include <millrace/pipeline/closing_pace.hpp>
#include <millrace/pipeline/window_base.hpp>
#include <millrace/pipeline/window_pane.hpp>

namespace millrace::detail {

/// Folds a stream of one watermark into an analyzer for each key and window. The keys of a window
/// stand in one table, which goes as a whole. An event costs one look-up and the analyzer's update;
/// it allocates only when it opens a window or a key.
template <class Stream, class Analyzer, class OnLate, class Next>
class window_node : public window_base<Stream, Analyzer, OnLate, Next> {
    using base = window_base<Stream, Analyzer, OnLate, Next>;
    using typename base::event;
    using pane = window_pane<typename base::key_type, Analyzer>;
    using cell = typename pane::cell;

public:
    window_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace)
        : base{in, std::move(on_late), std::move(next)}, pace_{pace} {}

    void push(const event& one, event_stamp at) {
        if (newest_->takes(at.time)) [[likely]] {
            if (cell* const found = find_or_add(*newest_, one)) {
                found->is_changed = true;
                found->state.update(one);
            }
        } else {
            push_elsewhere(one, at);
        }
    }

    void watermark(timestamp to, trigger why) {
        if (to <= watermark_) return;
        watermark_ = to;
        if (to >= due_) [[unlikely]] {
            close_due(why);
            if (is_closing_) return;
        }
        this->next_.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key&, timestamp, trigger) noexcept {}
    template <class Key>
    void key_idle(const Key&) noexcept {}

    void idle() {
        if (is_closing_) catch_up();
        for (pane& each : panes_) each.to_preview = 0;
        is_previewing_ = true;
        preview_open();
        this->next_.idle();
    }

    bool resume() {
        if (!this->next_.resume()) return false;
        if (is_closing_) {
            close_due(why_);
            if (is_closing_) return false;
            this->next_.watermark(watermark_, why_);
        }
        preview_open();
        return !is_previewing_ && this->next_.resume();
    }

    std::error_code finish() {
        is_finished_ = true;
        close_due(trigger::stop);
        while (is_closing_) {
            this->flush();
            pace_.is_behind = false;
            pace_.waits_for_room = this->has_room();
            resume();
        }
        is_finished_ = false;
        return this->next_.finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        std::size_t keys = 0;
        for (const pane& each : panes_) {
            keys = std::max(keys, each.cells.size());
            if (!each.is_fired) stats.open_windows += each.cells.size() - each.met;
        }
        stats.keys += keys;
        this->collect_counts(stats, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(watermark_, panes_);
        this->archive_counts(ar);
        if constexpr (Archive::is_loading) {
            ar.require(std::ranges::is_sorted(panes_, {}, end_of));
            note_panes();
        }
    }

private:
    [[nodiscard]] cell* find_or_add(pane& in, const event& one) {
        const auto& sought = project(this->key_by_.projection, one);
        if (cell* const found = in.cells.find(sought)) [[likely]]
            return found;
        if (in.cells.size() < this->key_limit_) return &in.cells.add(sought);
        ++this->refused_;
        return nullptr;
    }

    void push_elsewhere(const event& one, event_stamp at) {
        if (is_closing_) catch_up();
        pane* const here = find_or_open(one, at);
        cell* const found = here == nullptr ? nullptr : find_or_add(*here, one);
        if (found == nullptr) return;
        found->is_changed = true;
        found->state.update(one);
        if (!here->is_fired) return;
        ++this->corrected_;
        this->fire(found->key, here->bounds(), *found, trigger::late, at.watermark);
    }

    /// The window of an event that does not fall into the newest; null where it is gone.
    pane* find_or_open(const event& one, event_stamp at) {
        const window_bounds bounds = this->window_.assign(at.time);
        if (this->is_late(one, bounds, at.watermark)) return nullptr;
        auto place = panes_.end();
        while (place != panes_.begin() && std::prev(place)->bounds().end > bounds.end) --place;
        if (place != panes_.begin() && std::prev(place)->bounds() == bounds)
            return &*std::prev(place);
        if (panes_.size() >= this->window_limit_) {
            ++this->refused_;
            return nullptr;
        }
        place = panes_.insert(place, spares_.take(bounds));
        place->is_fired = bounds.end <= watermark_;
        note_panes();
        return &*place;
    }

    void close_due(trigger why) {
        why_ = why;
        is_closing_ = true;
        newest_ = &nowhere_;  // where this is put off, events catch up first
        for (pane& each : panes_) {
            if (!is_finished_ && each.bounds().end > watermark_) break;
            if (each.is_fired) continue;
            while (each.met < each.cells.size()) {
                if (!may_close()) return;
                // The number first: where a consumer throws, it goes on behind this one.
                cell& due = each.cells[static_cast<std::uint32_t>(each.met++)];
                this->fire(due.key, each.bounds(), due, why, watermark_);
            }
            each.is_fired = true;
        }
        const auto is_gone = [this](const pane& each) {
            return is_finished_ || this->gone_at(each.bounds().end) <= watermark_;
        };
        auto kept = panes_.begin();
        for (; kept != panes_.end() && is_gone(*kept); ++kept) spares_.put(std::move(*kept));
        panes_.erase(panes_.begin(), kept);
        is_closing_ = false;
        note_panes();
    }

    void preview_open() {
        if (!is_previewing_) return;
        for (pane& each : panes_) {
            if (each.is_fired) continue;
            for (; each.to_preview < each.cells.size(); ++each.to_preview) {
                cell& at = each.cells[static_cast<std::uint32_t>(each.to_preview)];
                if (!at.is_changed) continue;
                if (!may_close()) return;
                this->show(at.key, each.bounds(), at, watermark_);
            }
        }
        is_previewing_ = false;
    }

    [[nodiscard]] bool may_close() {
        return !pace_.is_behind && pace_.take([this] { return this->has_room(); });
    }

    /// An operator may give several events before it can be held back: what is due closes first.
    void catch_up() {
        closing_pace before = std::exchange(pace_, {});
        if (before.is_behind) before.left = 0;
        resume();
        pace_ = before;
    }

    static timestamp end_of(const pane& each) noexcept { return each.bounds().end; }

    /// To be called when panes have come, fired or gone.
    void note_panes() {
        const auto open = std::ranges::find_if(panes_, [](const pane& p) { return !p.is_fired; });
        newest_ = open == panes_.end() ? &nowhere_ : &panes_.back();
        due_ = open == panes_.end() ? timestamp::max() : open->bounds().end;
        if (!panes_.empty()) due_ = std::min(due_, this->gone_at(panes_.front().bounds().end));
    }

    closing_pace& pace_;

    std::vector<pane> panes_;       // by their ends
    inline static pane nowhere_{};  // takes no event
    pane* newest_ = &nowhere_;      // of those that have not fired
    spare_panes<pane> spares_;
    timestamp due_ = timestamp::max();
    timestamp watermark_ = timestamp::min();
    trigger why_ = trigger::watermark;  // of what closes
    bool is_closing_ = false;
    bool is_previewing_ = false;
    bool is_finished_ = false;  // nothing more will come
};

}  // namespace millrace::detail
