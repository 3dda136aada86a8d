#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

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
/// Memory: 8 bytes a timer, and for each number 36 bytes and up to 16 places for times.
class timer_heap {
public:
    /// Of all keys.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// What is allocated, but for places that are not in use.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return keys_.capacity() * sizeof(entry) + heap_.capacity() * sizeof(std::uint32_t) +
               size_ * sizeof(timestamp);
    }
    [[nodiscard]] std::size_t count(std::uint32_t key) const noexcept {
        return key < keys_.size() ? keys_[key].timers.size() : 0;
    }

    [[nodiscard]] bool has_before(timestamp time) const noexcept {
        return !heap_.empty() && time_of(0) < time;
    }
    [[nodiscard]] bool has_before(timestamp time, std::uint32_t key) const noexcept {
        return count(key) != 0 && earliest(key) < time;
    }
    /// The key whose timer comes first, where there is one.
    [[nodiscard]] std::uint32_t first_key() const noexcept { return heap_.front(); }
    [[nodiscard]] timestamp earliest(std::uint32_t key) const noexcept {
        return keys_[key].timers.earliest();
    }
    [[nodiscard]] bool holds(std::uint32_t key, timestamp at) const noexcept {
        return key < keys_.size() && keys_[key].timers.holds(at);
    }

    /// Where it is not yet. Complexity: logarithmic in the key's timers; also in the keys where it
    /// is the key's earliest.
    void add(std::uint32_t key, timestamp at) {
        if (key >= keys_.size()) keys_.resize(key + std::size_t{1});
        entry& of = keys_[key];
        of.timers.add(at);
        ++size_;
        if (of.timers.size() == 1) {
            heap_.push_back(key);
            of.place = static_cast<std::uint32_t>(heap_.size() - 1);
        }
        sift_up(of.place);
    }

    /// Where it is.
    void remove(std::uint32_t key, timestamp at) {
        keys_[key].timers.remove(at);
        --size_;
        note_later(key);
    }

    void clear(std::uint32_t key) {
        if (count(key) == 0) return;
        size_ -= count(key);
        keys_[key].timers.clear();
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
                keys_[key].place = static_cast<std::uint32_t>(heap_.size());
                heap_.push_back(key);
                sift_up(keys_[key].place);
            }
        }
    }

private:
    struct entry {
        key_timers timers{};
        std::uint32_t place = 0;  // in the heap

        template <class Archive>
        void archive(Archive& ar) {
            ar(timers);
        }
    };

    [[nodiscard]] timestamp time_of(std::size_t place) const noexcept {
        return earliest(heap_[place]);
    }
    [[nodiscard]] bool is_before(std::uint32_t a, std::uint32_t b) const noexcept {
        return std::pair{earliest(a), a} < std::pair{earliest(b), b};
    }
    void put(std::size_t place, std::uint32_t key) noexcept {
        heap_[place] = key;
        keys_[key].place = static_cast<std::uint32_t>(place);
    }

    void sift_up(std::size_t place) noexcept {
        const std::uint32_t key = heap_[place];
        for (; place > 0 && is_before(key, heap_[(place - 1) / 2]); place = (place - 1) / 2)
            put(place, heap_[(place - 1) / 2]);
        put(place, key);
    }
    void sift_down(std::size_t place) noexcept {
        const std::uint32_t key = heap_[place];
        for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
            if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
            if (!is_before(heap_[child], key)) break;
            put(place, heap_[child]);
            place = child;
        }
        put(place, key);
    }

    /// The key's earliest timer has gone, or another.
    void note_later(std::uint32_t key) noexcept {
        const std::size_t place = keys_[key].place;
        if (count(key) != 0) return sift_down(place);
        const std::uint32_t last = heap_.back();
        heap_.pop_back();
        if (last == key) return;
        put(place, last);
        sift_up(place);
        sift_down(keys_[last].place);
    }

    std::vector<entry> keys_;
    std::vector<std::uint32_t> heap_;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
