#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

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
        if (from->place == outside) {
            if (saturated_add(time, -settings.out_of_order) < watermark()) return watermark();
            enter(latest_);
        } else {
            sift_down(from->place);
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
            enter(stand_in_);
        }
    }

private:
    static constexpr std::size_t outside = static_cast<std::size_t>(-1);
    static constexpr std::uint32_t nobody = static_cast<std::uint32_t>(-1);

    struct producer {
        timestamp latest = timestamp::min();
        std::size_t place = outside;  ///< in the heap
        idle_watch idle{};
    };

    producer* find_or_add(std::uint64_t id) {
        if (has_latest_ && id == latest_id_) return &all_[latest_];
        const auto found = numbers_.find(id);
        if (found != numbers_.end()) {
            latest_ = found->second;
        } else {
            if (numbers_.size() == limit_) return nullptr;
            latest_ = add();
            numbers_.emplace(id, latest_);
        }
        latest_id_ = id;
        has_latest_ = true;
        return &all_[latest_];
    }

    [[nodiscard]] std::uint32_t add() {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(all_.size()));
            all_.emplace_back();
        }
        const std::uint32_t number = free_.back();
        free_.pop_back();
        return number;
    }

    /// From now on it counts.
    void enter(std::uint32_t number) {
        all_[number].place = heap_.size();
        heap_.push_back(number);
        sift_up(all_[number].place);
    }

    void remove(std::uint32_t number) {
        has_latest_ = false;
        const std::size_t place = std::exchange(all_[number], producer{}).place;
        free_.push_back(number);
        if (place == outside) return;
        heap_[place] = heap_.back();
        heap_.pop_back();
        if (place == heap_.size()) return;
        all_[heap_[place]].place = place;
        sift_up(place);
        sift_down(all_[heap_[place]].place);
    }

    /// True where the watermark rises.
    bool follow(const source_time& settings) noexcept {
        const timestamp least = heap_.empty()
                                    ? furthest_
                                    : least_within(max_lag_, furthest_, all_[heap_.front()].latest);
        return least != timestamp::min() && state_.observe(least, settings);
    }

    [[nodiscard]] timestamp at(std::size_t place) const { return all_[heap_[place]].latest; }

    void swap(std::size_t a, std::size_t b) {
        std::swap(heap_[a], heap_[b]);
        all_[heap_[a]].place = a;
        all_[heap_[b]].place = b;
    }
    void sift_up(std::size_t place) {
        for (; place != 0 && at(place) < at((place - 1) / 2); place = (place - 1) / 2)
            swap(place, (place - 1) / 2);
    }
    void sift_down(std::size_t place) {
        for (;;) {
            std::size_t least = place;
            for (const std::size_t child : {2 * place + 1, 2 * place + 2})
                if (child < heap_.size() && at(child) < at(least)) least = child;
            if (least == place) return;
            swap(place, least);
            place = least;
        }
    }

    std::size_t limit_;
    duration max_lag_;
    std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
    std::vector<producer> all_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> heap_;  // the least far first
    watermark_state state_;
    timestamp furthest_ = timestamp::min();
    std::uint64_t latest_id_ = 0;
    std::uint32_t latest_ = 0;
    std::uint32_t stand_in_ = nobody;  ///< its number among all
    bool has_latest_ = false;
};

}  // namespace millrace::detail
