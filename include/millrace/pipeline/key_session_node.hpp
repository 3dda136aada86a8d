#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/session_base.hpp>

namespace millrace::detail {

/// Folds a stream whose keys each have a watermark of their own into an analyzer for each key and
/// session. Sessions close at once, not in slices.
template <class Stream, class Analyzer, class OnLate, class Next>
class key_session_node : public session_base<Stream, Analyzer, OnLate, Next> {
    using base = session_base<Stream, Analyzer, OnLate, Next>;
    friend base;
    using typename base::cell;
    using typename base::event;
    using typename base::slot;

public:
    key_session_node(const Stream& in, OnLate on_late, Next next)
        : base{in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        if (!this->is_too_old(one, at.time, at.watermark)) this->take(one, at, *this);
    }

    /// Of the whole stream: of every key.
    void watermark(timestamp to, trigger why) {
        this->table_.for_each([&](slot& each) { close_due(each, to, why); });
        this->next_.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        if (slot* found = this->table_.find(sought); found != nullptr && to >= found->due) {
            close_due(*found, to, why);
        } else if (found != nullptr) {
            note_watermark(*found, to);
        }
        this->next_.key_watermark(sought, to, why);
    }

    void idle() { this->next_.idle(); }

    template <class Key>
    void key_idle(const Key& sought) {
        if (slot* found = this->table_.find(sought)) {
            for (cell& each : found->sessions) {
                if (!each.is_fired && each.is_changed)
                    this->show(found->key, each.bounds, each, found->watermark);
            }
        }
        this->next_.key_idle(sought);
    }

    void wall_time(timestamp now) {
        first_exception thrown;
        if constexpr (base::has_interval) {
            this->intervals_.read(now);
            bool is_done = false;
            while (!is_done) {
                thrown.guard([&] { is_done = this->fire_sessions([] { return true; }, *this); });
            }
        }
        this->next_.wall_time(now);
        thrown.rethrow();
    }

    bool resume() { return this->next_.resume(); }

    std::error_code finish() {
        this->table_.for_each(
            [this](slot& each) { close_due(each, timestamp::max(), trigger::stop); });
        return this->next_.finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        this->collect_sessions(stats, latest_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(latest_);
        this->archive_sessions(ar);
        if constexpr (Archive::is_loading)
            this->table_.for_each([this](slot& each) { note_due(each); });
    }

private:
    void leaves(slot&, const cell&) noexcept {}
    void comes(slot& of, const cell& each) noexcept {
        of.due = std::min(of.due, this->due_of(each));
    }
    [[nodiscard]] timestamp watermark_of(const slot& of) const noexcept { return of.watermark; }
    [[nodiscard]] timestamp told(const slot& of) const noexcept { return of.watermark; }

    void close_due(slot& of, timestamp to, trigger why) {
        const timestamp passed_on = of.watermark;
        if (to != timestamp::max()) note_watermark(of, to);
        for (std::size_t i = 0; i != of.sessions.size();) {
            cell& each = of.sessions[i];
            if (this->due_of(each) > to) {
                ++i;
                continue;
            }
            const bool is_gone = this->gone_at(each.bounds.end) <= to;
            const at_exit leave{[&] {
                if (is_gone) of.sessions.erase(of.sessions.begin() + static_cast<long>(i));
            }};
            this->close(of, each, why, of.watermark, passed_on);
            if (!is_gone) ++i;
        }
        if (of.sessions.empty()) return this->table_.erase(of);
        note_due(of);
    }

    void note_watermark(slot& of, timestamp to) noexcept {
        of.watermark = std::max(of.watermark, to);
        latest_ = std::max(latest_, to);
    }

    void note_due(slot& of) const {
        of.due = timestamp::max();
        for (const cell& each : of.sessions) of.due = std::min(of.due, this->due_of(each));
    }

    timestamp latest_ = timestamp::min();  // the furthest watermark of a key
};

}  // namespace millrace::detail
