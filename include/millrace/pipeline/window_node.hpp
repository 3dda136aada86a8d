#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/closing_pace.hpp>
#include <millrace/pipeline/window_pane.hpp>

namespace millrace::detail {

/// Folds a stream of one watermark into an analyzer for each key and window. The keys of a window
/// stand in one table, which goes as a whole. An event costs one look-up and the analyzer's update;
/// it allocates only when it opens a window or a key.
template <class Stream, class Analyzer, class OnLate, class Next>
class window_node {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using pane = window_pane<key_type, Analyzer>;
    using cell = typename pane::cell;
    using record_type = record<key_type, result_of<Analyzer>>;

public:
    window_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace)
        : key_by_{in.key},
          window_{in.windowing.window},
          lateness_{in.windowing.allowed_lateness},
          key_limit_{in.windowing.key_limit},
          window_limit_{in.windowing.window_limit},
          on_late_{std::move(on_late)},
          next_{std::move(next)},
          pace_{pace} {}

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

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        if (to <= watermark_) return;
        watermark_ = to;
        if (to >= due_) [[unlikely]] {
            close_due(why);
            if (is_closing_) return;
        }
        next_.watermark(to, why);
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
        next_.idle();
    }

    bool resume() {
        if (!next_.resume()) return false;
        if (is_closing_) {
            close_due(why_);
            if (is_closing_) return false;
            next_.watermark(watermark_, why_);
        }
        preview_open();
        return !is_previewing_ && next_.resume();
    }

    [[nodiscard]] bool has_room() const { return next_.has_room(); }
    void flush() { next_.flush(); }

    std::error_code finish() {
        is_finished_ = true;
        close_due(trigger::stop);
        while (is_closing_) {
            flush();
            pace_.is_behind = false;
            pace_.waits_for_room = has_room();
            resume();
        }
        is_finished_ = false;
        return next_.finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.late += late_;
        stats.corrected += corrected_;
        stats.refused_keys += refused_;
        std::size_t keys = 0;
        for (const pane& each : panes_) {
            keys = std::max(keys, each.cells.size());
            if (!each.is_fired) stats.open_windows += each.cells.size() - each.met;
        }
        stats.keys += keys;
        if (watermark_ != timestamp::min()) stats.watermark = std::max(stats.watermark, watermark_);
        next_.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(watermark_, late_, corrected_, refused_, panes_, next_);
        if constexpr (Archive::is_loading) {
            ar.require(std::ranges::is_sorted(panes_, {}, end_of));
            note_panes();
        }
    }

private:
    [[nodiscard]] timestamp gone_at(timestamp end) const noexcept {
        return saturated_add(end, lateness_);
    }

    [[nodiscard]] cell* find_or_add(pane& in, const event& one) {
        const auto& sought = project(key_by_.projection, one);
        if (cell* const found = in.cells.find(sought)) [[likely]]
            return found;
        if (in.cells.size() < key_limit_) return &in.cells.add(sought);
        ++refused_;
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
        ++corrected_;
        fire(*here, *found, trigger::late, at.watermark);
    }

    /// The window of an event that does not fall into the newest; null where it is gone.
    pane* find_or_open(const event& one, event_stamp at) {
        const window_bounds bounds = window_.assign(at.time);
        if (gone_at(bounds.end) <= at.watermark) {
            ++late_;
            on_late_(one);
            return nullptr;
        }
        auto place = panes_.end();
        while (place != panes_.begin() && std::prev(place)->bounds().end > bounds.end) --place;
        if (place != panes_.begin() && std::prev(place)->bounds() == bounds)
            return &*std::prev(place);
        if (panes_.size() >= window_limit_) {
            ++refused_;
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
                fire(each, each.cells[static_cast<std::uint32_t>(each.met++)], why, watermark_);
            }
            each.is_fired = true;
        }
        const auto is_gone = [this](const pane& each) {
            return is_finished_ || gone_at(each.bounds().end) <= watermark_;
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
                next_.preview(make_record(each, at, trigger::idle, watermark_, false),
                              stamp_of(each, watermark_));
            }
        }
        is_previewing_ = false;
    }

    void fire(const pane& in, cell& at, trigger why, timestamp watermark) {
        const bool is_final = why == trigger::stop || gone_at(in.bounds().end) <= watermark;
        next_.push(make_record(in, at, why, watermark, is_final), stamp_of(in, watermark));
    }

    record_type make_record(const pane& in, cell& at, trigger why, timestamp watermark,
                            bool is_final) {
        at.is_changed = false;
        return {at.key,   in.bounds(), describe(at.state), at.published++,
                is_final, why,         watermark,          late_};
    }

    static event_stamp stamp_of(const pane& in, timestamp watermark) noexcept {
        return {in.bounds().end - duration{1}, watermark};
    }

    [[nodiscard]] bool may_close() {
        return !pace_.is_behind && pace_.take([this] { return has_room(); });
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
        if (!panes_.empty()) due_ = std::min(due_, gone_at(panes_.front().bounds().end));
    }

    key_by key_by_;
    typename Stream::windowing_type::window_type window_;
    duration lateness_;
    std::size_t key_limit_;
    std::size_t window_limit_;
    OnLate on_late_;
    Next next_;
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
    std::uint64_t late_ = 0;
    std::uint64_t corrected_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
