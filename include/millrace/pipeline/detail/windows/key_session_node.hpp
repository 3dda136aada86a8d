#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/closing/key_closing_base.hpp>
#include <millrace/pipeline/detail/windows/session_base.hpp>

namespace millrace::detail {

/// Folds a stream whose keys each have a watermark of their own into an analyzer for each key and
/// session. Sessions close at once, not in slices.
template <class Stream, class Analyzer, class OnLate, class Next>
class key_session_node : public key_closing_base<key_session_node<Stream, Analyzer, OnLate, Next>,
                                                 session_base<Stream, Analyzer, OnLate, Next>> {
    using base = session_base<Stream, Analyzer, OnLate, Next>;
    using closing = key_closing_base<key_session_node, base>;
    friend base;
    friend closing;
    using typename base::cell;
    using typename base::event;
    using typename base::slot;

public:
    key_session_node(const Stream& in, OnLate on_late, Next next)
        : closing{in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        if (!this->is_too_old(one, at.time, at.watermark)) this->take(one, at, *this);
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

    template <class Stats>
    void collect(Stats& stats) const {
        this->collect_sessions(stats, this->latest_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(this->latest_);
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

    void show_open(slot& of) {
        for (cell& each : of.sessions) {
            if (!each.is_fired && each.is_changed)
                this->show(of.key, each.bounds, each, of.watermark);
        }
    }

    void close_due(slot& of, timestamp to, trigger why) {
        const timestamp passed_on = of.watermark;
        if (to != timestamp::max()) this->note_watermark(of, to);
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

    void note_due(slot& of) const {
        of.due = timestamp::max();
        for (const cell& each : of.sessions) of.due = std::min(of.due, this->due_of(each));
    }
};

}  // namespace millrace::detail
