#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/windows/session_base.hpp>

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
        first_exception thrown;
        thrown.guard([&] { close_all(to, why); });
        thrown.guard([&] { this->next_.watermark(to, why); });
        thrown.rethrow();
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        first_exception thrown;
        if (slot* found = this->table_.find(sought); found != nullptr && to >= found->due) {
            thrown.guard([&] { close_due(*found, to, why); });
        } else if (found != nullptr) {
            note_watermark(*found, to);
        }
        thrown.guard([&] { this->next_.key_watermark(sought, to, why); });
        thrown.rethrow();
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
        first_exception thrown;
        thrown.guard([this] { close_all(timestamp::max(), trigger::stop); });
        const std::error_code error = thrown.guard([this] { return this->next_.finish(); });
        thrown.rethrow();
        return error;
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

    /// All that is due, whatever a consumer throws.
    void close_due(slot& of, timestamp to, trigger why) {
        const timestamp passed_on = of.watermark;
        if (to != timestamp::max()) note_watermark(of, to);
        first_exception thrown;
        for (cell& each : of.sessions) {
            if (this->due_of(each) <= to)
                thrown.guard([&] { this->close(of, each, why, of.watermark, passed_on); });
        }
        std::erase_if(of.sessions,
                      [&](const cell& each) { return this->gone_at(each.bounds.end) <= to; });
        if (of.sessions.empty()) {
            this->table_.erase(of);
        } else {
            note_due(of);
        }
        thrown.rethrow();
    }

    void close_all(timestamp to, trigger why) {
        first_exception thrown;
        this->table_.for_each([&](slot& each) { thrown.guard([&] { close_due(each, to, why); }); });
        thrown.rethrow();
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
