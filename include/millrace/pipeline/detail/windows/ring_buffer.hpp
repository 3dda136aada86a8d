#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A queue that can be read anywhere. It allocates only when it holds more than ever before.
template <class T>
class ring_buffer {
public:
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// What is allocated, but for what an item allocates.
    [[nodiscard]] std::size_t bytes() const noexcept { return items_.capacity() * sizeof(T); }

    [[nodiscard]] T& operator[](std::uint32_t at) noexcept { return items_[place_of(at)]; }
    [[nodiscard]] const T& operator[](std::uint32_t at) const noexcept {
        return items_[place_of(at)];
    }
    [[nodiscard]] T& front() noexcept { return items_[first_]; }
    [[nodiscard]] const T& front() const noexcept { return items_[first_]; }
    [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
    [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

    /// Then so many fit without an allocation.
    void reserve(std::uint32_t size) {
        if (size > items_.size()) grow(size);
    }

    /// For one more.
    void make_room() {
        if (size_ == items_.size())
            grow(items_.empty() ? 2 : items_.size() + (items_.size() + 1) / 2);
    }

    T& push_back(T item) {
        make_room();
        ++size_;
        return back() = std::move(item);
    }

    /// Before the one that is there. Moves those behind it.
    T& insert(std::uint32_t at, T item) {
        push_back(std::move(item));
        for (std::uint32_t i = size_ - 1; i > at; --i) std::swap((*this)[i], (*this)[i - 1]);
        return (*this)[at];
    }

    void pop_front() {
        release(front());
        first_ = first_ + 1 == items_.size() ? 0 : first_ + 1;
        --size_;
    }

    void pop_back() {
        release(back());
        --size_;
    }

    void clear() {
        while (!empty()) pop_back();
    }

    template <class Archive>
    void archive(Archive& ar) {
        auto count = std::uint64_t{size_};
        ar(count);
        if constexpr (Archive::is_loading) {
            clear();
            for (; count > 0 && ar.ok(); --count) ar(push_back({}));
        } else {
            for (std::uint32_t i = 0; i < size_; ++i) ar((*this)[i]);
        }
    }

private:
    [[nodiscard]] std::size_t place_of(std::uint32_t at) const noexcept {
        const std::size_t place = std::size_t{first_} + at;
        return place < items_.size() ? place : place - items_.size();
    }

    static void release(T& item) {
        if constexpr (!std::is_trivially_destructible_v<T>) item = T{};
    }

    void grow(std::size_t to) {
        std::vector<T> larger(to);
        for (std::uint32_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
        items_ = std::move(larger);
        first_ = 0;
    }

    std::vector<T> items_;
    std::uint32_t first_ = 0;
    std::uint32_t size_ = 0;
};

}  // namespace millrace::detail
