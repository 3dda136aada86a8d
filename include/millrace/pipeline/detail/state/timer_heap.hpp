#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <millrace/core/detail/indexed_heap.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// The times of one key's timers, each once, in order.
class key_timers {
public:
    [[nodiscard]] std::size_t size() const noexcept { return times_.size() - first_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] timestamp earliest() const noexcept { return times_[first_]; }

    [[nodiscard]] bool holds(timestamp at) const noexcept {
        return std::binary_search(begin(), times_.cend(), at);
    }

    /// Where it is not yet.
    void add(timestamp at) {
        if (empty()) drop_fired();
        if (first_ > times_.size() / 2 && times_.size() == times_.capacity()) drop_fired();
        times_.insert(std::upper_bound(begin(), times_.cend(), at), at);
    }

    /// Where it is.
    void remove(timestamp at) {
        if (at == earliest()) {
            ++first_;
        } else {
            times_.erase(std::lower_bound(begin(), times_.cend(), at));
        }
    }

    /// Gives back what is allocated, but for a little.
    void clear() noexcept {
        first_ = 0;
        if (times_.capacity() > 16) {
            times_ = {};
        } else {
            times_.clear();
        }
    }

    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (Archive::is_loading) {
            first_ = 0;
        } else {
            drop_fired();
        }
        ar(times_);
        ar.require(std::ranges::adjacent_find(times_, std::greater_equal{}) == times_.end());
    }

private:
    [[nodiscard]] std::vector<timestamp>::const_iterator begin() const noexcept {
        return times_.begin() + static_cast<std::ptrdiff_t>(first_);
    }
    void drop_fired() {
        times_.erase(times_.begin(), begin());
        first_ = 0;
    }

    std::vector<timestamp> times_;
    std::size_t first_ = 0;  // those before it have fired
};

/// The timers of keys that go by a number: first by time, then by number. A binary heap holds the
/// earliest of each key, so that a later one of the same key is only appended to its times.
/// Memory: 8 bytes a timer, and for each number 40 bytes and up to 16 places for times.
class timer_heap {
    [[nodiscard]] auto by_time() const noexcept {
        return [this](std::uint32_t a, std::uint32_t b) {
            return std::pair{earliest(a), a} < std::pair{earliest(b), b};
        };
    }

public:
    /// Of all keys.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// What is allocated, but for places that are not in use.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return keys_.capacity() * sizeof(key_timers) + heap_.bytes() + size_ * sizeof(timestamp);
    }
    [[nodiscard]] std::size_t count(std::uint32_t key) const noexcept {
        return key < keys_.size() ? keys_[key].size() : 0;
    }

    [[nodiscard]] bool has_before(timestamp time) const noexcept {
        return !heap_.empty() && earliest(heap_.front()) < time;
    }
    [[nodiscard]] bool has_before(timestamp time, std::uint32_t key) const noexcept {
        return count(key) != 0 && earliest(key) < time;
    }
    /// The key whose timer comes first, where there is one.
    [[nodiscard]] std::uint32_t first_key() const noexcept { return heap_.front(); }
    [[nodiscard]] timestamp earliest(std::uint32_t key) const noexcept {
        return keys_[key].earliest();
    }
    [[nodiscard]] bool holds(std::uint32_t key, timestamp at) const noexcept {
        return key < keys_.size() && keys_[key].holds(at);
    }

    /// Where it is not yet. Complexity: logarithmic in the key's timers; also in the keys where it
    /// is the key's earliest.
    void add(std::uint32_t key, timestamp at) {
        if (key >= keys_.size()) keys_.resize(key + std::size_t{1});
        heap_.make_room(key);
        keys_[key].add(at);
        ++size_;
        if (count(key) == 1) {
            heap_.push(key, by_time());
        } else {
            heap_.move_up(key, by_time());
        }
    }

    /// Where it is.
    void remove(std::uint32_t key, timestamp at) {
        keys_[key].remove(at);
        --size_;
        note_later(key);
    }

    void clear(std::uint32_t key) {
        if (count(key) == 0) return;
        size_ -= count(key);
        keys_[key].clear();
        note_later(key);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(keys_);
        if constexpr (Archive::is_loading) {
            heap_.clear();
            size_ = 0;
            for (std::uint32_t key = 0; key < keys_.size(); ++key) {
                if (count(key) == 0) continue;
                size_ += count(key);
                heap_.push(key, by_time());
            }
        }
    }

private:
    /// The key's earliest timer has gone, or another.
    void note_later(std::uint32_t key) {
        if (count(key) == 0) {
            heap_.erase(key, by_time());
        } else {
            heap_.move_down(key, by_time());
        }
    }

    std::vector<key_timers> keys_;
    indexed_heap heap_;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
