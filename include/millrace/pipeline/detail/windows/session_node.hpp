#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/closing/closing_base.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/windows/session_base.hpp>

namespace millrace::detail {

/// Folds a stream of one watermark into an analyzer for each key and session. Sessions close in the
/// order of their ends, and of one end in that in which their keys came. Each stands once in a
/// queue, at an end that it has had: only when that is due is it moved on to what its end is now.
/// What a session that is gone had allocated is for another one to come.
template <class Stream, class Analyzer, class OnLate, class Next>
class session_node : public closing_base<session_node<Stream, Analyzer, OnLate, Next>,
                                         session_base<Stream, Analyzer, OnLate, Next>> {
    using base = session_base<Stream, Analyzer, OnLate, Next>;
    using closing = closing_base<session_node, base>;
    friend base;
    friend closing;
    using typename base::cell;
    using typename base::event;
    using typename base::slot;

public:
    session_node(const Stream& in, OnLate on_late, Next next, closing_pace& pace)
        : closing{pace, in, std::move(on_late), std::move(next)} {}

    void push(const event& one, event_stamp at) {
        if (is_closing_) [[unlikely]]
            this->catch_up();
        if (this->is_too_old(one, at.time, std::max(at.watermark, watermark_))) return;
        this->take(one, at, *this);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.state_bytes += (queue_.size() + spares_.size()) * queued_bytes +
                             spares_.capacity() * sizeof(typename queue::node_type);
        this->collect_sessions(stats, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        this->archive_closing(ar);
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
    void leaves(slot& of, const cell& each) noexcept {
        spares_.push_back(queue_.extract(entry_of(of, each)));  // there is room
    }
    void comes(slot& of, cell& each) {
        each.queued = this->due_of(each);
        if (spares_.empty()) {
            if (spares_.capacity() <= queue_.size()) spares_.reserve(2 * queue_.size() + 8);
            queue_.insert(entry_of(of, each));
        } else {
            spares_.back().value() = entry_of(of, each);
            queue_.insert(std::move(spares_.back()));
            spares_.pop_back();
        }
    }
    [[nodiscard]] timestamp watermark_of(const slot&) const noexcept { return watermark_; }
    [[nodiscard]] timestamp told(const slot&) const noexcept { return passed_on_; }

    [[nodiscard]] bool is_due(timestamp to) const noexcept {
        return is_closing_ || (!queue_.empty() && queue_.begin()->at <= to);
    }

    bool close_windows() {
        while (!queue_.empty() && (is_finished_ || queue_.begin()->at <= watermark_)) {
            const entry first = *queue_.begin();
            slot& of = this->table_[first.slot];
            cell& due = *std::ranges::lower_bound(
                of.sessions, first.start, {}, [](const cell& each) { return each.bounds.start; });
            if (this->due_of(due) != first.at) {
                put_off(of, due);
                continue;
            }
            if (!this->may_close()) return false;
            this->table_.make_room_to_erase();
            const at_exit leave{[&] {
                if (is_finished_ || this->gone_at(due.bounds.end) <= watermark_) {
                    drop(of, due);
                } else {
                    put_off(of, due);
                }
            }};
            this->close(of, due, why_, watermark_, passed_on_);
        }
        return true;
    }
    void end_close() noexcept {}

    bool fire_intervals() {
        return this->fire_sessions([this] { return this->may_close(); }, *this);
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

    void begin_preview() noexcept { to_preview_ = 0; }
    bool show_windows() {
        for (; to_preview_ < this->table_.slots(); ++to_preview_) {
            slot& of = this->table_[to_preview_];
            for (cell& each : of.sessions) {
                if (each.is_fired || !each.is_changed) continue;
                if (!this->may_close()) return false;
                this->show(of.key, each.bounds, each, watermark_);
            }
        }
        return true;
    }

    using closing::is_closing_, closing::is_finished_, closing::passed_on_, closing::watermark_,
        closing::why_;

    using queue = std::set<entry>;
    static constexpr std::size_t queued_bytes = sizeof(entry) + 4 * sizeof(void*);

    queue queue_;                                    // of each session
    std::vector<typename queue::node_type> spares_;  // of those that have been
    std::uint32_t to_preview_ = 0;
};

}  // namespace millrace::detail
