#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// Events that wait, the earliest in front; of those of one time the one that came first. To add
/// and to take one costs the logarithm of how many there are.
template <class Event>
class time_order {
public:
    void add(const Event& one, timestamp time) {
        heap_.push_back({time, added_++, kept_event<Event>{one}});
        waiting_bytes_ += heap_.back().event.bytes();
        std::ranges::push_heap(heap_, is_behind);
    }

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    /// Of one that is not empty.
    [[nodiscard]] timestamp earliest() const noexcept { return heap_.front().time; }
    [[nodiscard]] bool has_before(timestamp to) const noexcept {
        return !empty() && earliest() < to;
    }

    /// The one in front goes. @return its event and time
    [[nodiscard]] std::pair<kept_event<Event>, timestamp> take() {
        std::ranges::pop_heap(heap_, is_behind);
        std::pair taken{std::move(heap_.back().event), heap_.back().time};
        heap_.pop_back();
        waiting_bytes_ -= taken.first.bytes();
        return taken;
    }

    /// Of the events.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
    /// Of all that is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return heap_.capacity() * sizeof(entry) + waiting_bytes_ -
               heap_.size() * sizeof(kept_event<Event>);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(heap_, added_);
        if constexpr (Archive::is_loading) {
            ar.require(std::ranges::is_heap(heap_, is_behind));
            waiting_bytes_ = 0;
            for (const entry& each : heap_) {
                ar.require(each.number < added_);
                waiting_bytes_ += each.event.bytes();
            }
        }
    }

private:
    struct entry {
        timestamp time{};
        std::uint64_t number = 0;
        kept_event<Event> event{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(time, number, event);
        }
    };

    static bool is_behind(const entry& a, const entry& b) noexcept {
        return a.time != b.time ? a.time > b.time : a.number > b.number;
    }

    std::vector<entry> heap_;
    std::uint64_t added_ = 0;
    std::size_t waiting_bytes_ = 0;
};

}  // namespace millrace::detail
