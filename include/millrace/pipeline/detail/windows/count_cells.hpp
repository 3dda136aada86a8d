#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/windows/two_stacks.hpp>
#include <millrace/windows/by_count.hpp>

namespace millrace::detail {

/// What some events of a key make, of which the times are from `first` to `last`.
template <class Analyzer>
struct count_part {
    [[no_unique_address]] Analyzer state{};
    timestamp first = timestamp::max();
    timestamp last = timestamp::min();

    template <class Event>
    void add(const Event& one, timestamp time) {
        state.update(one);
        first = std::min(first, time);
        last = std::max(last, time);
    }
    void merge(const count_part& later) {
        state.merge(later.state);
        first = std::min(first, later.first);
        last = std::max(last, later.last);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(state, first, last);
    }
};

/// A window of a key that is closed.
template <class Analyzer>
struct counted_window {
    std::uint64_t number;
    count_part<Analyzer> whole;
};

/// The windows of one key.
template <class Window, class Analyzer>
class count_cell;

template <class Analyzer>
class count_cell<tumbling_count, Analyzer> {
public:
    [[nodiscard]] bool is_open() const noexcept { return events_ > 0; }
    [[nodiscard]] static std::size_t bytes() noexcept { return 0; }

    /// Whether the window is full with it.
    template <class Event>
    [[nodiscard]] bool add(const tumbling_count& by, const Event& one, timestamp time) {
        part_.add(one, time);
        return ++events_ >= by.size();
    }

    /// Closes the first window that is open.
    [[nodiscard]] counted_window<Analyzer> close(const tumbling_count&) {
        events_ = 0;
        return {number_++, std::exchange(part_, {})};
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(part_, events_, number_);
    }
    [[nodiscard]] bool fits(const tumbling_count& by) const { return events_ < by.size(); }

private:
    count_part<Analyzer> part_{};
    std::uint64_t events_ = 0;  // of the window
    std::uint64_t number_ = 0;
};

template <class Analyzer>
class count_cell<sliding_count, Analyzer> {
public:
    [[nodiscard]] bool is_open() const noexcept { return start_ < events_; }
    /// Of the panes.
    [[nodiscard]] std::size_t bytes() const noexcept { return stacks_.bytes(); }

    /// Whether the first window that is open is full with it.
    template <class Event>
    [[nodiscard]] bool add(const sliding_count& by, const Event& one, timestamp time) {
        if (events_ < start_) {  // between two windows
            ++events_;
            return false;
        }
        if (events_ - pane_ >= by.pane()) pane_ = events_;
        if (part* const newest = stacks_.waiting_at(pane_)) {
            newest->add(one, time);
        } else {
            stacks_.add(pane_, [&](part& to) { to.add(one, time); });
        }
        return ++events_ - start_ >= by.size();
    }

    /// Closes the first window that is open.
    [[nodiscard]] counted_window<Analyzer> close(const sliding_count& by) {
        const std::uint64_t end = start_ + by.size();
        stacks_.advance(start_, end, false);
        counted_window<Analyzer> done{start_ / by.slide(), stacks_.total(start_, end)};
        start_ += by.slide();
        if (end > events_ && start_ >= events_) {  // flushed: the next window begins anew
            events_ = pane_ = start_;
            stacks_ = {};
        }
        return done;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(stacks_, events_, start_, pane_);
    }
    [[nodiscard]] bool fits(const sliding_count& by) const {
        if (start_ % by.slide() != 0 || pane_ % by.pane() != 0 || pane_ > events_) return false;
        if (events_ > start_ && events_ - start_ >= by.size()) return false;
        if (start_ > events_ && start_ - events_ > by.slide()) return false;
        bool fits = stacks_.empty() || stacks_.newest() <= pane_;
        stacks_.for_each_start([&](std::uint64_t each) { fits &= each % by.pane() == 0; });
        return fits;
    }

private:
    using part = count_part<Analyzer>;

    two_stacks<part, std::uint64_t> stacks_{};
    std::uint64_t events_ = 0;  // so far
    std::uint64_t start_ = 0;   // of the first window that is open, or comes next
    std::uint64_t pane_ = 0;    // where the newest pane starts
};

}  // namespace millrace::detail
