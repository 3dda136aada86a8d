#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/windows/ring_buffer.hpp>

namespace millrace::detail {

/// What waits for its time, the earliest in front; of one time what came first. What comes in the
/// order of the times costs a few steps; what does not, the logarithm of how many such there are.
template <class Value>
class time_order {
public:
    /// Then the next `add` does not throw.
    void make_room() {
        in_order_.make_room();
        if (others_.size() == others_.capacity()) others_.reserve(2 * others_.size() + 1);
    }
    void add(timestamp time, Value value) {
        entry one{time, added_, std::move(value)};
        if (in_order_.empty() || in_order_.back().time <= time) {
            in_order_.push_back(std::move(one));
        } else {
            others_.push_back(std::move(one));
            std::ranges::push_heap(others_, is_behind);
        }
        ++added_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return in_order_.size() + others_.size(); }
    [[nodiscard]] bool empty() const noexcept { return in_order_.empty() && others_.empty(); }
    /// Of one that is not empty.
    [[nodiscard]] timestamp earliest() const noexcept { return front().time; }
    [[nodiscard]] const Value& first() const noexcept { return front().value; }
    [[nodiscard]] bool has_before(timestamp to) const noexcept {
        return !empty() && earliest() < to;
    }

    /// What is in front goes. @return what was kept, and its time
    [[nodiscard]] std::pair<Value, timestamp> take() {
        if (is_other_in_front()) {
            std::ranges::pop_heap(others_, is_behind);
            std::pair taken{std::move(others_.back().value), others_.back().time};
            others_.pop_back();
            return taken;
        }
        std::pair taken{std::move(in_order_.front().value), in_order_.front().time};
        in_order_.pop_front();
        return taken;
    }

    /// Calls `f(value, time)` for each, in no order.
    template <class F>
    void for_each(F&& f) const {
        for (std::uint32_t i = 0; i < in_order_.size(); ++i)
            f(in_order_[i].value, in_order_[i].time);
        for (const entry& each : others_) f(each.value, each.time);
    }

    /// What is allocated, but for what the values allocate.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return in_order_.bytes() + others_.capacity() * sizeof(entry);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(in_order_, others_, added_);
        if constexpr (Archive::is_loading) {
            for (std::uint32_t i = 1; i < in_order_.size(); ++i)
                ar.require(is_behind(in_order_[i], in_order_[i - 1]));
            ar.require(std::ranges::is_heap(others_, is_behind));
            for (const entry& each : others_) ar.require(each.number < added_);
            ar.require(in_order_.empty() || in_order_.back().number < added_);
        }
    }

private:
    struct entry {
        timestamp time{};
        std::uint64_t number = 0;
        Value value{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(time, number, value);
        }
    };

    static bool is_behind(const entry& a, const entry& b) noexcept {
        return a.time != b.time ? a.time > b.time : a.number > b.number;
    }

    [[nodiscard]] bool is_other_in_front() const noexcept {
        return !others_.empty() &&
               (in_order_.empty() || is_behind(in_order_.front(), others_.front()));
    }
    [[nodiscard]] const entry& front() const noexcept {
        return is_other_in_front() ? others_.front() : in_order_.front();
    }

    ring_buffer<entry> in_order_;
    std::vector<entry> others_;  // a heap
    std::uint64_t added_ = 0;
};

}  // namespace millrace::detail
