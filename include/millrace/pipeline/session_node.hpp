#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <set>
#include <system_error>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/closing_pace.hpp>
#include <millrace/pipeline/session_base.hpp>

namespace millrace::detail {

/// Folds a stream of one watermark into an analyzer for each key and session. Sessions close in the
/// order of their ends, and of one end in that in which their keys came. Each stands once in a
/// queue, at an end that it has had: only when that is due is it moved on to what its end is now.
template <class Stream, class Analyzer, class OnLate, class Next>
class session_node : public session_base<Stream, Analyzer, OnLate, Next> {
    using base = session_base<Stream, Analyzer, OnLate, Next>;
    friend base;
    using typename base::cell;
    using typename base::event;
    using typename base::slot;

public:
    session_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace)
        : base{in, std::move(on_late), std::move(next)}, pace_{pace} {}

    void push(const event& one, event_stamp at) {
        if (is_closing_) [[unlikely]]
            catch_up();
        if (this->is_too_old(one, at.time, std::max(at.watermark, watermark_))) return;
        this->take(one, at, *this);
    }

    void watermark(timestamp to, trigger why) {
        if (to <= watermark_) return;
        watermark_ = to;
        if (!queue_.empty() && queue_.begin()->at <= to) {
            close_due(why);
            if (is_closing_) return;
        }
        passed_on_ = to;
        this->next_.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key&, timestamp, trigger) noexcept {}
    template <class Key>
    void key_idle(const Key&) noexcept {}

    void idle() {
        if (is_closing_) catch_up();
        to_preview_ = 0;
        is_previewing_ = true;
        preview_open();
        this->next_.idle();
    }

    bool resume() {
        if (!this->next_.resume()) return false;
        if (is_closing_) {
            close_due(why_);
            if (is_closing_) return false;
            passed_on_ = watermark_;
            this->next_.watermark(watermark_, why_);
        }
        preview_open();
        return !is_previewing_ && this->next_.resume();
    }

    std::error_code finish() {
        {
            const at_exit reset{[this] { is_finished_ = false; }};
            is_finished_ = true;
            close_due(trigger::stop);
            while (is_closing_) {
                this->flush();
                pace_.is_behind = false;
                pace_.waits_for_room = this->has_room();
                resume();
            }
        }
        return this->next_.finish();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        this->collect_sessions(stats, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(watermark_, passed_on_, why_, is_closing_);
        this->archive_sessions(ar);
        if constexpr (Archive::is_loading) {
            queue_.clear();
            this->table_.for_each([this](slot& of) {
                for (cell& each : of.sessions) comes(of, each);
            });
        }
    }

private:
    struct entry {
        timestamp at;
        std::uint64_t key;  // of the keys as they came
        timestamp start;
        std::uint32_t slot;

        friend auto operator<=>(const entry&, const entry&) = default;
    };

    [[nodiscard]] entry entry_of(slot& of, const cell& each) const noexcept {
        return {each.queued, of.number, each.bounds.start, of.place};
    }
    void leaves(slot& of, const cell& each) noexcept { queue_.erase(entry_of(of, each)); }
    void comes(slot& of, cell& each) {
        each.queued = this->due_of(each);
        queue_.insert(entry_of(of, each));
    }
    [[nodiscard]] timestamp watermark_of(const slot&) const noexcept { return watermark_; }
    [[nodiscard]] timestamp told(const slot&) const noexcept { return passed_on_; }

    /// Where it is put off, or a consumer throws, events catch up first: it goes on behind the
    /// record that was given last.
    void close_due(trigger why) {
        why_ = why;
        is_closing_ = true;
        const at_exit tell{[this] { pace_.is_behind |= is_closing_; }};
        while (!queue_.empty() && (is_finished_ || queue_.begin()->at <= watermark_)) {
            const entry first = *queue_.begin();
            slot& of = this->table_[first.slot];
            cell& due = *std::ranges::lower_bound(
                of.sessions, first.start, {}, [](const cell& each) { return each.bounds.start; });
            if (this->due_of(due) != first.at) {
                put_off(of, due);
                continue;
            }
            if (!may_close()) return;
            const at_exit leave{[&] {
                if (is_finished_ || this->gone_at(due.bounds.end) <= watermark_) {
                    drop(of, due);
                } else {
                    put_off(of, due);
                }
            }};
            this->close(of, due, why, watermark_, passed_on_);
        }
        is_closing_ = false;
    }

    void put_off(slot& of, cell& each) noexcept {
        auto moved = queue_.extract(entry_of(of, each));
        each.queued = this->due_of(each);
        moved.value() = entry_of(of, each);
        queue_.insert(std::move(moved));
    }

    void drop(slot& of, cell& done) {
        leaves(of, done);
        of.sessions.erase(of.sessions.begin() + (&done - of.sessions.data()));
        if (of.sessions.empty()) this->table_.erase(of);
    }

    void preview_open() {
        if (!is_previewing_) return;
        for (; to_preview_ < this->table_.slots(); ++to_preview_) {
            slot& of = this->table_[to_preview_];
            for (cell& each : of.sessions) {
                if (each.is_fired || !each.is_changed) continue;
                if (!may_close()) return;
                this->show(of.key, each.bounds, each, watermark_);
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
        const at_exit restore{[this, before] { pace_ = before; }};
        resume();
    }

    closing_pace& pace_;

    std::set<entry> queue_;  // of each session
    timestamp watermark_ = timestamp::min();
    timestamp passed_on_ = timestamp::min();  // the watermark that the stages behind were told
    trigger why_ = trigger::watermark;        // of what closes
    bool is_closing_ = false;
    bool is_previewing_ = false;
    bool is_finished_ = false;  // nothing more will come
    std::uint32_t to_preview_ = 0;
};

}  // namespace millrace::detail
