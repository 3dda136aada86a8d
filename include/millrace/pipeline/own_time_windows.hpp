#pragma once

#include <millrace/pipeline/window_state.hpp>

namespace millrace::detail {

/// Windows whose time advances for each key by its own events. `tick` looks at every key.
template <class Key, class Analyzer, class Windowing>
class own_time_windows : public window_state<Key, Analyzer, Windowing> {
    using base = window_state<Key, Analyzer, Windowing>;
    using typename base::cell;
    using typename base::slot;

public:
    static constexpr bool has_shared_time = false;

    explicit own_time_windows(const Windowing& windowing) : base{windowing} {}

    template <class Sought, class Event, class Emit, class OnLate>
    void push(const Sought& key, timestamp time, const Event& event, Emit& emit, OnLate& on_late) {
        slot* at = this->find_or_add(key);
        if (at == nullptr) return;
        at->last_input = wall_;
        if (at->newest.takes(time)) [[likely]] {
            at->newest.state.update(event);
        } else {
            push_elsewhere(*at, time, event, emit, on_late);
        }
        if (time > at->latest) {
            at->latest = time;
            advance(*at, saturated_add(time, -this->out_of_order_), trigger::watermark, emit);
        }
    }

    template <class Emit>
    void advance(timestamp watermark, trigger why, Emit& emit) {
        this->table_.for_each([&](slot& each) { advance(each, watermark, why, emit); });
    }

    template <class Emit>
    bool resume(Emit&) {
        return true;
    }
    [[nodiscard]] bool is_behind() const noexcept { return false; }

    template <class Emit>
    void tick(timestamp wall, Emit& emit) {
        const bool is_first = wall_ == timestamp{};
        wall_ = wall;
        if (this->open_ == 0 && !is_first) return;
        this->table_.for_each([&](slot& each) {
            if (is_first) each.last_input = wall;
            if (wall - each.last_input >= this->idle_after_) close_all(each, trigger::idle, emit);
        });
    }

    template <class Emit>
    void finish(Emit& emit) {
        this->table_.for_each([&](slot& each) { close_all(each, trigger::stop, emit); });
    }

    template <class Archive>
    void archive(Archive& ar) {
        this->archive_state(ar);
    }

private:
    template <class Event, class Emit, class OnLate>
    void push_elsewhere(slot& at, timestamp time, const Event& event, Emit& emit, OnLate& on_late) {
        const window_bounds bounds = this->window_.assign(time);
        const bool is_late = bounds.end <= at.watermark;
        if (is_late && this->gone_at(bounds.end) <= at.watermark) {
            ++this->late_;
            on_late(event);
            return;
        }
        cell* window = at.find(bounds);
        if (window == nullptr) {
            window = &at.open(bounds);
            ++this->open_;
        }
        window->state.update(event);
        if (is_late) {
            ++this->corrected_;
            this->fire(at, *window, trigger::late, at.watermark, emit);
        }
    }

    template <class Emit>
    void advance(slot& at, timestamp watermark, trigger why, Emit& emit) {
        if (watermark <= at.watermark) return;
        at.watermark = watermark;
        this->watermark_ = std::max(this->watermark_, watermark);
        const auto close_if_due = [&](cell& window) {
            if (window.is_open() && window.bounds.end <= watermark) {
                this->fire(at, window, why, watermark, emit);
            }
        };
        for (cell& window : at.older) close_if_due(window);
        close_if_due(at.newest);
        while (!at.older.empty() && this->gone_at(at.older.front().bounds.end) <= watermark) {
            at.drop(at.older.front());
        }
        if (at.newest.is_fired && this->gone_at(at.newest.bounds.end) <= watermark) {
            at.drop(at.newest);
        }
    }

    template <class Emit>
    void close_all(slot& at, trigger why, Emit& emit) {
        timestamp end = timestamp::min();
        for (const cell& window : at.older) {
            if (window.is_open()) end = std::max(end, window.bounds.end);
        }
        if (at.newest.is_open()) end = std::max(end, at.newest.bounds.end);
        advance(at, end, why, emit);
    }

    timestamp wall_{};
};

}  // namespace millrace::detail
