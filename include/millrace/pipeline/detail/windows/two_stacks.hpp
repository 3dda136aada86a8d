#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/windows/ring_buffer.hpp>

namespace millrace::detail {

template <class Position>
inline constexpr Position first_position{};
template <>
inline constexpr timestamp first_position<timestamp> = timestamp::min();

/// The parts of one key's windows by the starts of their panes, and what they make together. Two
/// stacks stand in one row: each of the first `flipped_` entries holds all from its pane to the
/// last of these; each behind them its own pane, and `back_` what those together make that windows
/// have taken in so far. So a window is the first entry and `back_`; once the first stack is used
/// up, or when it is told so, the second becomes the first.
///
/// @tparam Part is empty at first, and has `merge(const Part&)` for what is later
/// @tparam Position where a pane starts: a time, or how many events came before it
template <class Part, class Position = timestamp>
class two_stacks {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] Position oldest() const noexcept { return entries_.front().start; }
    [[nodiscard]] Position newest() const noexcept { return entries_.back().start; }
    [[nodiscard]] std::size_t bytes() const noexcept { return entries_.bytes(); }
    /// The end of the last window that was closed, or later.
    [[nodiscard]] Position until() const noexcept { return until_; }
    /// Whether the window that it went on to holds any pane.
    [[nodiscard]] bool has_taken() const noexcept { return taken_ > 0; }
    /// How many panes no window has taken in.
    [[nodiscard]] std::uint32_t waiting() const noexcept { return entries_.size() - taken_; }

    [[nodiscard]] bool holds(Position start) const noexcept {
        const std::uint32_t at = place_of(start);
        return at != entries_.size() && entries_[at].start == start;
    }
    /// The part of the newest pane, if it is that with this start and waits.
    [[nodiscard]] Part* waiting_at(Position start) noexcept {
        if (waiting() == 0 || newest() != start) return nullptr;
        return &entries_.back().part;
    }

    /// Changes the part of a pane by `apply(part)`, and all that it went into.
    template <class Apply>
    void add(Position start, Apply&& apply) {
        const std::uint32_t at = place_of(start);
        if (at == entries_.size() || entries_[at].start != start) return insert(at, start, apply);
        apply_at(at, apply);
    }

    /// Likewise, unless it has no event.
    template <class Apply>
    void take_back(Position start, Apply&& apply) {
        const std::uint32_t at = place_of(start);
        if (at == entries_.size() || entries_[at].start != start) return;
        if (!entries_[at].part.events.none()) apply_at(at, apply);
    }

    void drop_newest() { entries_.pop_back(); }

    /// Goes on to the window [start, end), which may not lie before an earlier one. Then that is
    /// `total(start, end)` at little cost.
    void advance(Position start, Position end, bool flips) {
        until_ = end;
        while (!entries_.empty() && entries_.front().start < start) {
            entries_.pop_front();
            if (flipped_ > 0) {
                --flipped_;
            } else if (taken_ > 0) {
                flips = true;
            }
            if (taken_ > 0) --taken_;
        }
        while (taken_ < entries_.size() && entries_[taken_].start < end) {
            if (!flips) back_.merge(entries_[taken_].part);
            ++taken_;
        }
        if (flips) flip();
    }

    /// What the panes from `start` to `end` make, where no window before it is asked for any more.
    [[nodiscard]] Part total(Position start, Position end) const {
        std::uint32_t at = 0;
        while (at < taken_ && entries_[at].start < start) ++at;
        Part whole{};
        if (at < flipped_) {
            whole = entries_[at].part;
            at = flipped_;
        }
        if (at == flipped_ && at < taken_) {
            whole.merge(back_);
            at = taken_;
        }
        for (; at < entries_.size() && entries_[at].start < end; ++at) {
            if (entries_[at].start >= start) whole.merge(entries_[at].part);
        }
        return whole;
    }

    void clear() {
        entries_.clear();
        flipped_ = taken_ = 0;
        back_ = Part{};
    }

    /// The start of the first pane that is not before `start`; of the newest where all are.
    [[nodiscard]] Position first_from(Position start) const noexcept {
        std::uint32_t at = 0;
        while (at + 1 < entries_.size() && entries_[at].start < start) ++at;
        return entries_[at].start;
    }

    template <class F>
    void for_each_start(F&& f) const {
        for (std::uint32_t i = 0; i < entries_.size(); ++i) f(entries_[i].start);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(entries_, flipped_, taken_, back_, until_);
        if constexpr (Archive::is_loading) {
            ar.require(flipped_ <= taken_ && taken_ <= entries_.size());
            for (std::uint32_t i = 1; ar.ok() && i < entries_.size(); ++i)
                ar.require(entries_[i - 1].start < entries_[i].start);
            if (!ar.ok()) return;
            ar.require(taken_ == 0 || entries_[taken_ - 1].start < until_);
            ar.require(waiting() == 0 || entries_[taken_].start >= until_);
        }
    }

private:
    struct entry {
        Position start{};
        Part part{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(start, part);
        }
    };

    /// The first entry that is not before `start`.
    [[nodiscard]] std::uint32_t place_of(Position start) const noexcept {
        std::uint32_t from = 0, to = entries_.size();
        if (to > 0 && newest() < start) return to;
        while (from < to) {
            const std::uint32_t middle = from + (to - from) / 2;
            if (entries_[middle].start < start) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /// A pane at whose first event `apply` throws is none.
    template <class Apply>
    void insert(std::uint32_t at, Position start, Apply&& apply) {
        entry made{start, at < flipped_ ? entries_[at].part : Part{}};
        apply(made.part);
        entries_.insert(at, std::move(made));
        if (at < flipped_) {
            ++flipped_;
            ++taken_;
            for (std::uint32_t i = 0; i < at; ++i) apply(entries_[i].part);
        } else if (start < until_) {
            ++taken_;
            apply(back_);
        }
    }

    template <class Apply>
    void apply_at(std::uint32_t at, Apply&& apply) {
        if (at < flipped_) {
            for (std::uint32_t i = 0; i <= at; ++i) apply(entries_[i].part);
        } else {
            apply(entries_[at].part);
            if (at < taken_) apply(back_);
        }
    }

    void flip() {
        for (std::uint32_t i = taken_; i-- > flipped_;) {
            if (i + 1 < taken_) entries_[i].part.merge(entries_[i + 1].part);
        }
        if (flipped_ < taken_) {
            for (std::uint32_t i = 0; i < flipped_; ++i)
                entries_[i].part.merge(entries_[flipped_].part);
        }
        flipped_ = taken_;
        back_ = Part{};
    }

    ring_buffer<entry> entries_;
    std::uint32_t flipped_ = 0;
    std::uint32_t taken_ = 0;
    Position until_ = first_position<Position>;
    Part back_{};
};

}  // namespace millrace::detail
