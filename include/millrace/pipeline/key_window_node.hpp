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
#include <millrace/pipeline/key_table.hpp>

namespace millrace::detail {

/// Folds a stream whose keys each have a watermark of their own into an analyzer for each key and
/// window. Windows close at once, not in slices.
template <class Stream, class Analyzer, class OnLate, class Next>
class key_window_node {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using record_type = record<key_type, result_of<Analyzer>>;

public:
    key_window_node(const Stream& in, OnLate on_late, Next next)
        : key_by_{in.key},
          window_{in.windowing.window},
          lateness_{in.windowing.allowed_lateness},
          key_limit_{in.windowing.key_limit},
          window_limit_{in.windowing.window_limit},
          on_late_{std::move(on_late)},
          next_{std::move(next)} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(key_by_.projection, one);
        slot* found = table_.find(sought);
        if (found == nullptr || !found->windows.back().takes(at.time)) {
            const window_bounds bounds = window_.assign(at.time);
            if (gone_at(bounds.end) <= at.watermark) {
                ++late_;
                on_late_(one);
                return;
            }
            if (found == nullptr && table_.size() >= key_limit_) {
                ++refused_;
                return;
            }
            if (found == nullptr) found = &table_.add(sought);
            cell* const in = found->find_or_open(bounds, window_limit_);
            if (in == nullptr) {
                ++refused_;
            } else {
                update(*found, *in, one, at);
            }
            return;
        }
        update(*found, found->windows.back(), one, at);
    }

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    /// Of the whole stream: of every key.
    void watermark(timestamp to, trigger why) {
        table_.for_each([&](slot& each) { close_due(each, to, why); });
        next_.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        if (slot* found = table_.find(sought); found != nullptr && to >= found->due)
            close_due(*found, to, why);
        next_.key_watermark(sought, to, why);
    }

    void idle() { next_.idle(); }

    template <class Key>
    void key_idle(const Key& sought) {
        if (slot* found = table_.find(sought)) {
            for (cell& each : found->windows) {
                if (each.is_fired || !std::exchange(each.is_changed, false)) continue;
                next_.preview(make_record(*found, each, trigger::idle, latest_, false),
                              stamp_of(each, latest_));
            }
        }
        next_.key_idle(sought);
    }

    bool resume() { return next_.resume(); }
    [[nodiscard]] bool has_room() const { return next_.has_room(); }
    void flush() { next_.flush(); }

    std::error_code finish() {
        table_.for_each([this](slot& each) { close_due(each, timestamp::max(), trigger::stop); });
        return next_.finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.late += late_;
        stats.corrected += corrected_;
        stats.refused_keys += refused_;
        stats.keys += table_.size();
        stats.open_windows += open_;
        if (latest_ != timestamp::min()) stats.watermark = std::max(stats.watermark, latest_);
        next_.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, latest_, late_, corrected_, refused_, open_, next_);
        if constexpr (Archive::is_loading)
            table_.for_each([&](slot& each) { ar.require(!each.windows.empty()); });
    }

private:
    struct cell {
        window_bounds bounds{};
        Analyzer state{};
        std::uint32_t published = 0;
        bool is_fired = false;
        bool is_changed = false;

        [[nodiscard]] bool takes(timestamp time) const noexcept {
            return bounds.start <= time && time < bounds.end;
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(bounds, state, published, is_fired, is_changed);
        }
    };

    struct slot {
        key_type key{};
        std::vector<cell> windows{};  // by their ends; never empty
        timestamp due = timestamp::max();

        cell* find_or_open(window_bounds bounds, std::size_t limit) {
            auto place = windows.end();
            while (place != windows.begin() && std::prev(place)->bounds.end > bounds.end) --place;
            if (place != windows.begin() && std::prev(place)->bounds == bounds)
                return &*std::prev(place);
            if (windows.size() >= limit && !windows.empty()) return nullptr;
            return &*windows.insert(place, cell{bounds});
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(key, windows, due);
        }
    };

    [[nodiscard]] timestamp gone_at(timestamp end) const noexcept {
        return saturated_add(end, lateness_);
    }

    void update(slot& of, cell& in, const event& one, event_stamp at) {
        if (in.published == 0 && !in.is_changed) {
            in.is_fired = in.bounds.end <= at.watermark;
            if (!in.is_fired) ++open_;
            note_due(of);
        }
        in.is_changed = true;
        in.state.update(one);
        if (!in.is_fired) return;
        ++corrected_;
        in.is_changed = false;
        fire(of, in, trigger::late, at.watermark);
    }

    void close_due(slot& of, timestamp to, trigger why) {
        const bool is_told = to != timestamp::max();
        if (is_told) latest_ = std::max(latest_, to);
        const timestamp told = is_told ? to : latest_;
        for (std::size_t i = 0; i != of.windows.size(); ++i) {
            cell& each = of.windows[i];
            if (each.is_fired || each.bounds.end > to) continue;
            each.is_fired = true;
            each.is_changed = false;
            --open_;
            fire(of, each, why, told);
        }
        std::erase_if(of.windows, [&](const cell& each) { return gone_at(each.bounds.end) <= to; });
        if (of.windows.empty()) return table_.erase(of);
        note_due(of);
    }

    void note_due(slot& of) const {
        of.due = timestamp::max();
        for (const cell& each : of.windows)
            of.due = std::min(of.due, each.is_fired ? gone_at(each.bounds.end) : each.bounds.end);
    }

    void fire(const slot& of, cell& at, trigger why, timestamp watermark) {
        const bool is_final = why == trigger::stop ||
                              (why != trigger::evicted && gone_at(at.bounds.end) <= watermark);
        next_.push(make_record(of, at, why, watermark, is_final), stamp_of(at, watermark));
    }

    record_type make_record(const slot& of, cell& at, trigger why, timestamp watermark,
                            bool is_final) {
        return {of.key,   at.bounds, describe(at.state), at.published++,
                is_final, why,       watermark,          late_};
    }

    static event_stamp stamp_of(const cell& at, timestamp watermark) noexcept {
        return {at.bounds.end - duration{1}, watermark};
    }

    key_by key_by_;
    typename Stream::windowing_type::window_type window_;
    duration lateness_;
    std::size_t key_limit_;
    std::size_t window_limit_;
    OnLate on_late_;
    Next next_;

    key_table<key_type, slot> table_;
    timestamp latest_ = timestamp::min();  // the furthest watermark of a key
    std::uint64_t late_ = 0;
    std::uint64_t corrected_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t open_ = 0;
};

}  // namespace millrace::detail
