#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// A binary heap of small numbers, each once, which knows where each stands, so that one may be
/// moved or taken out. `is_before(a, b)` says their order, and is the same at each call but for the
/// number that a call names.
///
/// Complexity: logarithmic, and constant where nothing moves. Memory: 8 bytes for each number up to
/// the largest.
class indexed_heap {
public:
    [[nodiscard]] bool empty() const noexcept { return numbers_.empty(); }
    /// The first, where there is one.
    [[nodiscard]] std::uint32_t front() const noexcept { return numbers_.front(); }
    [[nodiscard]] bool contains(std::uint32_t number) const noexcept {
        return number < places_.size() && places_[number] != outside;
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (numbers_.capacity() + places_.capacity()) * sizeof(std::uint32_t);
    }

    /// So that `push` of that number does not throw.
    void make_room(std::uint32_t number) {
        if (number >= places_.size()) places_.resize(number + std::size_t{1}, outside);
        if (numbers_.size() == numbers_.capacity()) numbers_.reserve(2 * numbers_.size() + 1);
    }
    /// Where it is not yet.
    template <class Before>
    void push(std::uint32_t number, const Before& is_before) {
        make_room(number);
        numbers_.push_back(number);
        places_[number] = static_cast<std::uint32_t>(numbers_.size() - 1);
        move_up(number, is_before);
    }

    /// Where it is; likewise below.
    template <class Before>
    void erase(std::uint32_t number, const Before& is_before) {
        const std::uint32_t place = places_[number], last = numbers_.back();
        places_[number] = outside;
        numbers_.pop_back();
        if (last == number) return;
        put(place, last);
        move_up(last, is_before);
        move_down(last, is_before);
    }

    /// It may come before others now.
    template <class Before>
    void move_up(std::uint32_t number, const Before& is_before) noexcept {
        std::uint32_t place = places_[number];
        for (; place > 0 && is_before(number, numbers_[(place - 1) / 2]); place = (place - 1) / 2)
            put(place, numbers_[(place - 1) / 2]);
        put(place, number);
    }

    /// Others may come before it now.
    template <class Before>
    void move_down(std::uint32_t number, const Before& is_before) noexcept {
        std::size_t place = places_[number];
        for (std::size_t child = 2 * place + 1; child < numbers_.size(); child = 2 * place + 1) {
            if (child + 1 < numbers_.size() && is_before(numbers_[child + 1], numbers_[child]))
                ++child;
            if (!is_before(numbers_[child], number)) break;
            put(place, numbers_[child]);
            place = child;
        }
        put(place, number);
    }

    void clear() noexcept {
        numbers_.clear();
        places_.clear();
    }

private:
    static constexpr std::uint32_t outside = static_cast<std::uint32_t>(-1);

    void put(std::size_t place, std::uint32_t number) noexcept {
        numbers_[place] = number;
        places_[number] = static_cast<std::uint32_t>(place);
    }

    std::vector<std::uint32_t> numbers_;  // the heap
    std::vector<std::uint32_t> places_;   // in it, of each number
};

}  // namespace millrace::detail
