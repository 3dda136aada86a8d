#pragma once

#include <algorithm>
#include <vector>

#include <millrace/pipeline/window_state.hpp>

namespace millrace::detail {

/// Windows of all keys by one watermark, which follows the latest event time of the stream.
/// An event that falls into its key's newest window costs one look-up and the analyzer's update.
/// A window's end is met once for all keys: the slots that wait for it stand in one list.
template <class Key, class Analyzer, class Windowing>
class shared_time_windows : public window_state<Key, Analyzer, Windowing> {
    using base = window_state<Key, Analyzer, Windowing>;
    using typename base::cell;
    using typename base::slot;

public:
    static constexpr bool has_shared_time = true;

    explicit shared_time_windows(const Windowing& windowing) : base{windowing} {}

    template <class Sought, class Event, class Emit, class OnLate>
    void push(const Sought& key, timestamp time, const Event& event, Emit& emit, OnLate& on_late) {
        slot* found = this->table_.find(key);
        if (found != nullptr && found->newest.takes(time)) [[likely]] {
            found->newest.state.update(event);
        } else {
            push_elsewhere(found, key, time, event, emit, on_late);
        }
        last_input_ = wall_;
        if (time > latest_) {
            latest_ = time;
            advance(saturated_add(time, -this->out_of_order_), trigger::watermark, emit);
        }
    }

    template <class Emit>
    void advance(timestamp watermark, trigger why, Emit& emit) {
        if (watermark <= this->watermark_) return;
        this->watermark_ = watermark;
        if (watermark < next_due_) return;
        why_ = why;
        close_due(emit);
    }

    /// Closes on from where an `emit` that has `may_close()` said no; false where it says so again.
    /// Nothing else may come before it is true.
    template <class Emit>
    bool resume(Emit& emit) {
        if (is_behind_) close_due(emit);
        return !is_behind_;
    }
    [[nodiscard]] bool is_behind() const noexcept { return is_behind_; }

    template <class Emit>
    void tick(timestamp wall, Emit& emit) {
        if (wall_ == timestamp{}) last_input_ = wall;
        wall_ = wall;
        if (!open_ends_.empty() && wall - last_input_ >= this->idle_after_) {
            advance(open_ends_.back().end, trigger::idle, emit);
        }
    }

    template <class Emit>
    void finish(Emit& emit) {
        if (!open_ends_.empty()) advance(open_ends_.back().end, trigger::stop, emit);
    }

    template <class Archive>
    void archive(Archive& ar) {
        this->archive_state(ar);
        ar(latest_);
        if constexpr (Archive::is_loading) rebuild_ends();
    }

private:
    /// The slots with a window that ends at `end`. `met` counts those that are done: where a
    /// consumer throws, or closing pauses, it goes on behind it.
    struct window_end {
        timestamp end{};
        std::vector<std::uint32_t> slots{};
        std::size_t met = 0;
    };

    template <class Sought, class Event, class Emit, class OnLate>
    void push_elsewhere(slot* found, const Sought& key, timestamp time, const Event& event,
                        Emit& emit, OnLate& on_late) {
        const window_bounds bounds = this->window_.assign(time);
        const bool is_late = bounds.end <= this->watermark_;
        if (is_late && this->gone_at(bounds.end) <= this->watermark_) {
            ++this->late_;
            on_late(event);
            return;
        }
        if (found == nullptr) found = this->find_or_add(key);
        if (found == nullptr) return;
        cell* at = found->find(bounds);
        if (at == nullptr) {
            at = &found->open(bounds);
            ++this->open_;
            expect(is_late ? kept_ends_ : open_ends_, bounds.end, this->table_.number_of(*found));
        }
        at->state.update(event);
        if (is_late) {
            ++this->corrected_;
            this->fire(*found, *at, trigger::late, this->watermark_, emit);
        }
    }

    /// Notes that `number` has a window which ends at `end`; the lists are in order of their ends
    /// and short, and nearly every end is the last.
    void expect(std::vector<window_end>& ends, timestamp end, std::uint32_t number) {
        auto at = ends.end();
        while (at != ends.begin() && std::prev(at)->end > end) --at;
        if (at == ends.begin() || std::prev(at)->end != end) {
            at = std::next(ends.insert(at, window_end{end, take_spare(), 0}));
        }
        std::prev(at)->slots.push_back(number);
        set_next_due();
    }

    template <class Emit>
    [[nodiscard]] bool may_close(Emit& emit) {
        if constexpr (requires { emit.may_close(); }) {
            is_behind_ = !emit.may_close();
            return !is_behind_;
        } else {
            return true;
        }
    }

    template <class Emit>
    void close_due(Emit& emit) {
        is_behind_ = false;
        while (!open_ends_.empty() && open_ends_.front().end <= this->watermark_) {
            window_end& due = open_ends_.front();
            while (due.met < due.slots.size()) {
                if (!may_close(emit)) return;
                slot& at = this->table_[due.slots[due.met++]];
                if (cell* done = at.find_by_end(due.end)) {
                    this->fire(at, *done, why_, this->watermark_, emit);
                }
            }
            keep(std::move(due));
            open_ends_.erase(open_ends_.begin());
        }
        while (!kept_ends_.empty() && this->gone_at(kept_ends_.front().end) <= this->watermark_) {
            window_end& gone = kept_ends_.front();
            while (gone.met < gone.slots.size()) {
                if (!may_close(emit)) return;
                slot& at = this->table_[gone.slots[gone.met++]];
                if (cell* done = at.find_by_end(gone.end)) at.drop(*done);
                if (!at.has_windows()) this->table_.erase(at);
            }
            gone.slots.clear();
            if (spares_.size() < 8) spares_.push_back(std::move(gone.slots));
            kept_ends_.erase(kept_ends_.begin());
        }
        set_next_due();
    }

    void keep(window_end&& closed) {
        auto at = kept_ends_.end();
        while (at != kept_ends_.begin() && std::prev(at)->end > closed.end) --at;
        kept_ends_.insert(at, window_end{closed.end, std::move(closed.slots), 0});
    }

    [[nodiscard]] std::vector<std::uint32_t> take_spare() {
        if (spares_.empty()) return {};
        std::vector<std::uint32_t> spare = std::move(spares_.back());
        spares_.pop_back();
        return spare;
    }

    void set_next_due() noexcept {
        next_due_ = timestamp::max();
        if (!open_ends_.empty()) next_due_ = open_ends_.front().end;
        if (!kept_ends_.empty()) {
            next_due_ = std::min(next_due_, this->gone_at(kept_ends_.front().end));
        }
    }

    void rebuild_ends() {
        open_ends_.clear();
        kept_ends_.clear();
        this->table_.for_each([this](slot& each) {
            const auto note = [&](const cell& window) {
                if (window.bounds.start == window.bounds.end) return;
                expect(window.is_fired ? kept_ends_ : open_ends_, window.bounds.end,
                       this->table_.number_of(each));
            };
            for (const cell& window : each.older) note(window);
            note(each.newest);
        });
    }

    std::vector<window_end> open_ends_;  // ascending
    std::vector<window_end> kept_ends_;  // ascending; fired, still open to correction
    std::vector<std::vector<std::uint32_t>> spares_;
    timestamp latest_ = timestamp::min();
    timestamp next_due_ = timestamp::max();
    timestamp wall_{};
    timestamp last_input_{};
    trigger why_ = trigger::watermark;  // of what closes
    bool is_behind_ = false;
};

}  // namespace millrace::detail
