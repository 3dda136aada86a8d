#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <millrace/core/detail/indexed_heap.hpp>
#include <millrace/core/port_watermarks.hpp>
#include <millrace/pipeline/detail/sources/idle_watch.hpp>
#include <millrace/pipeline/detail/sources/watermark_state.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace::detail {

/// The producers of one source, and the watermark that holds for all of them: behind the one that
/// is least far. One that is idle or has left holds nobody up, and one that is behind the
/// watermark, since it is new or was idle, counts again once it has caught up. An event costs a
/// look-up, none where the one before was of the same producer, and some steps in a heap.
///
/// Those that were saved come back under other numbers, if at all. Where the least far of them
/// stood, one that is loaded stands in for all: until it is idle, so that each has the time to come
/// back in which it may be silent.
class producers {
    [[nodiscard]] auto by_latest() const noexcept {
        return [this](std::uint32_t a, std::uint32_t b) { return all_[a].latest < all_[b].latest; };
    }

public:
    producers(std::size_t limit, duration max_lag) noexcept : limit_{limit}, max_lag_{max_lag} {}

    /// The watermark behind an event of that time.
    timestamp observe(std::uint64_t id, timestamp time, const source_time& settings) {
        furthest_ = std::max(furthest_, time);
        producer* from = find_or_add(id);
        if (from == nullptr) return watermark();
        from->idle.note_input();
        if (time <= from->latest) return watermark();
        from->latest = time;
        if (!heap_.contains(latest_)) {
            if (saturated_add(time, -settings.out_of_order) < watermark()) return watermark();
            heap_.push(latest_, by_latest());
        } else {
            heap_.move_down(latest_, by_latest());
        }
        follow(settings);
        return watermark();
    }

    /// The producer has closed. True where the watermark rises.
    bool leave(std::uint64_t id, const source_time& settings) {
        const auto found = numbers_.find(id);
        if (found == numbers_.end()) return false;
        remove(found->second);
        numbers_.erase(found);
        return follow(settings);
    }

    /// Looks for those that have been idle. True where the watermark rises.
    bool look(std::chrono::nanoseconds now, const source_time& settings) {
        for (auto each = numbers_.begin(); each != numbers_.end();) {
            if (all_[each->second].idle.look(now, settings.idle_after)) {
                remove(each->second);
                each = numbers_.erase(each);
            } else {
                ++each;
            }
        }
        if (stand_in_ != nobody && all_[stand_in_].idle.look(now, settings.idle_after))
            remove(std::exchange(stand_in_, nobody));
        return follow(settings);
    }

    [[nodiscard]] timestamp watermark() const noexcept { return state_.watermark; }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }

    /// Nothing earlier will come, of anybody.
    void advance(timestamp to) noexcept { state_.watermark = std::max(state_.watermark, to); }

    /// How far time has come, and the least far.
    template <class Archive>
    void archive(Archive& ar) {
        constexpr timestamp none = timestamp::max();  // who is so far holds nobody up
        timestamp least = heap_.empty() ? none : all_[heap_.front()].latest;
        ar(state_, furthest_, least);
        if constexpr (Archive::is_loading) {
            numbers_.clear();
            all_.clear();
            free_.clear();
            heap_.clear();
            has_latest_ = false;
            stand_in_ = nobody;
            if (least == none) return;
            ar.require(least <= furthest_);
            stand_in_ = add();
            all_[stand_in_].latest = least;
            all_[stand_in_].idle.note_input();
            heap_.push(stand_in_, by_latest());
        }
    }

private:
    static constexpr std::uint32_t nobody = static_cast<std::uint32_t>(-1);

    struct producer {
        timestamp latest = timestamp::min();
        idle_watch idle{};
    };

    producer* find_or_add(std::uint64_t id) {
        if (has_latest_ && id == latest_id_) return &all_[latest_];
        const auto found = numbers_.find(id);
        if (found != numbers_.end()) {
            latest_ = found->second;
        } else {
            if (numbers_.size() == limit_) return nullptr;
            has_latest_ = false;
            latest_ = add();
            try {
                numbers_.emplace(id, latest_);
            } catch (...) {
                free_.push_back(latest_);
                throw;
            }
        }
        latest_id_ = id;
        has_latest_ = true;
        return &all_[latest_];
    }

    [[nodiscard]] std::uint32_t add() {
        if (free_.empty()) {
            all_.emplace_back();
            free_.reserve(all_.capacity());
            return static_cast<std::uint32_t>(all_.size() - 1);
        }
        const std::uint32_t number = free_.back();
        free_.pop_back();
        return number;
    }

    void remove(std::uint32_t number) {
        has_latest_ = false;
        if (heap_.contains(number)) heap_.erase(number, by_latest());
        all_[number] = {};
        free_.push_back(number);
    }

    /// True where the watermark rises.
    bool follow(const source_time& settings) noexcept {
        const timestamp least = heap_.empty()
                                    ? furthest_
                                    : least_within(max_lag_, furthest_, all_[heap_.front()].latest);
        return least != timestamp::min() && state_.observe(least, settings);
    }

    std::size_t limit_;
    duration max_lag_;
    std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
    std::vector<producer> all_;
    std::vector<std::uint32_t> free_;
    indexed_heap heap_;  // of those that count, the least far first
    watermark_state state_;
    timestamp furthest_ = timestamp::min();
    std::uint64_t latest_id_ = 0;
    std::uint32_t latest_ = 0;
    std::uint32_t stand_in_ = nobody;  ///< its number among all
    bool has_latest_ = false;
};

}  // namespace millrace::detail
