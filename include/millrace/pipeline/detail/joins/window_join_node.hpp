#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/graph/meeting_base.hpp>
#include <millrace/pipeline/detail/joins/held_side.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/time_order.hpp>

namespace millrace::detail {

/// Gives the pairs of each key and window once the window is over. An event costs a look-up and a
/// few steps; a pair one. The rows of a key lie by the ends of their windows, and each window of a
/// key stands in a queue once.
///
/// @tparam Left, Right the streams
template <class Left, class Right, class Window, class Kind, class Function, class OnLate,
          class Next>
class window_join_node
    : public meeting_base<window_join_node<Left, Right, Window, Kind, Function, OnLate, Next>, 2,
                          Next> {
    using base = meeting_base<window_join_node, 2, Next>;
    using left_event = typename Left::event_type;
    using right_event = typename Right::event_type;

public:
    window_join_node(const Left& left, const Right& right, Window window,
                     const join_settings& settings, Function f, OnLate on_late, Next next)
        : base{settings.lag, settings.allowed_lateness, std::move(next)},
          left_key_{left.key},
          right_key_{right.key},
          window_{std::move(window)},
          lateness_{settings.allowed_lateness},
          function_{std::move(f)},
          on_late_{std::move(on_late)},
          keys_{settings.keys},
          left_{settings.held},
          right_{settings.held} {}

    void push(port<0> side, const left_event& one, event_stamp at) {
        take(side, one, at.time, project(left_key_.projection, one), left_, &slot::left);
    }
    void push(port<1> side, const right_event& one, event_stamp at) {
        take(side, one, at.time, project(right_key_.projection, one), right_, &slot::right);
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    void release(timestamp watermark, first_exception& errors) {
        over_until_ =
            watermark == timestamp::max() ? watermark : saturated_add(watermark, -lateness_);
        while (!due_.empty() && due_.earliest() <= over_until_) {
            const auto [number, end] = due_.take();
            close(keys_[number], end, errors);
        }
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        stats.open_windows += due_.size();
        stats.state_bytes += left_.bytes() + right_.bytes() + due_.bytes();
        stats.late += late_;
        stats.refused_keys += refused_;
        base::collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, due_, over_until_, late_, refused_);
        if constexpr (Archive::is_loading) {
            if (ar.ok()) count_loaded(ar);
        }
        base::archive(ar);
    }

private:
    using key_type = key_of<typename Left::key_by_type, left_event>;

    /// The time of a row is its window's end.
    struct slot {
        key_type key{};
        held_rows<left_event> left{};
        held_rows<right_event> right{};
        bool is_used = false;
        bool is_recent = false;

        [[nodiscard]] bool has_window(timestamp end) noexcept {
            const auto* const in_left = left.last_until(end);
            const auto* const in_right = right.last_until(end);
            return (in_left != nullptr && in_left->time == end) ||
                   (in_right != nullptr && in_right->time == end);
        }
        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, left, right);
        }
    };

    template <class Port, class Event, class Key>
    void take(Port port, const Event& one, timestamp time, const Key& key, held_side<Event>& side,
              held_rows<Event> slot::*rows) {
        this->count_event();
        const timestamp end = window_.assign(time).end;
        if (end <= over_until_) {
            ++late_;
            on_late_(port, one);
            return;
        }
        if (!side.has_room_for(one)) {
            ++refused_;
            return;
        }
        due_.make_room();
        slot* const of = keys_.find_or_add(key);
        if (of == nullptr) return;
        const bool is_new = !of->has_window(end);
        if (is_new) due_.add(end, keys_.number_of(*of));
        side.add(of->*rows, one, end);
    }

    void close(slot& of, timestamp end, first_exception& errors) {
        const event_stamp at{saturated_add(end, duration{-1}), this->passed_on()};
        bool has_left = false, has_right = false;
        of.right.for_each_within(end, end, [&](const auto&) { has_right = true; });
        of.left.for_each_within(end, end, [&](const auto& left) {
            has_left = true;
            of.right.for_each_within(end, end, [&](const auto& right) {
                errors.guard([&] { give(&left.event.value(), &right.event.value(), at); });
            });
            if constexpr (Kind::keeps_left) {
                if (!has_right)
                    errors.guard([&] {
                        give(&left.event.value(), static_cast<const right_event*>(nullptr), at);
                    });
            }
        });
        if constexpr (Kind::keeps_right) {
            if (!has_left) {
                of.right.for_each_within(end, end, [&](const auto& right) {
                    errors.guard([&] {
                        give(static_cast<const left_event*>(nullptr), &right.event.value(), at);
                    });
                });
            }
        }
        drop(left_, of.left, end);
        drop(right_, of.right, end);
        const auto make_room = [this] {
            keys_.make_room_to_erase();
            return true;
        };
        if (of.left.empty() && of.right.empty() && errors.guard(make_room)) keys_.erase(of);
    }
    template <class Event>
    static void drop(held_side<Event>& side, held_rows<Event>& rows, timestamp until) {
        while (!rows.empty() && rows.front().time <= until) side.pop_front(rows);
    }

    void give(const left_event* left, const right_event* right, event_stamp at) {
        this->next().push(join_call<Kind>(function_, left, right), at);
    }

    /// Damaged, the queue might lead to keys that are not there, or not to all that are.
    template <class Archive>
    void count_loaded(Archive& ar) {
        left_.clear();
        right_.clear();
        std::vector<std::size_t> due(keys_.slots());
        due_.for_each([&](std::uint32_t number, timestamp end) {
            ar.require(number < due.size() && keys_[number].is_used &&
                       keys_[number].has_window(end));
            if (ar.ok()) ++due[number];
        });
        keys_.for_each([&](slot& each) {
            std::size_t windows = 0;
            each.left.for_each([&](const auto& row) { left_.count(row); });
            each.right.for_each([&](const auto& row) { right_.count(row); });
            for_each_end(each, [&](timestamp) { ++windows; });
            if (ar.ok()) ar.require(windows == due[keys_.number_of(each)]);
        });
    }
    template <class F>
    static void for_each_end(slot& of, F&& f) {
        std::vector<timestamp> ends;
        const auto note = [&](const auto& row) { ends.push_back(row.time); };
        of.left.for_each(note);
        of.right.for_each(note);
        std::ranges::sort(ends);
        ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
        for (const timestamp end : ends) f(end);
    }

    typename Left::key_by_type left_key_;
    typename Right::key_by_type right_key_;
    Window window_;
    duration lateness_;
    Function function_;
    OnLate on_late_;
    limited_keys<key_type, slot> keys_;
    held_side<left_event> left_;
    held_side<right_event> right_;
    time_order<std::uint32_t> due_;  // the numbers of keys, by the ends of their windows
    timestamp over_until_ = timestamp::min();
    std::uint64_t late_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
