#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/detail/mapped_memory.hpp>

namespace millrace::detail {

/// Slots by number, in blocks: beyond the first block none is moved when others come, and no more
/// is used than one block ahead. Where they are many, addresses are taken for 32 MB at a time,
/// whose memory comes with the first use.
template <class Slot>
class slot_blocks {
public:
    slot_blocks() = default;
    slot_blocks(const slot_blocks& other) : slot_blocks{} {
        for (std::uint32_t i = 0; i < other.size_; ++i) append() = other[i];
    }
    slot_blocks(slot_blocks&& other) noexcept { swap(other); }
    slot_blocks& operator=(slot_blocks other) noexcept {
        swap(other);
        return *this;
    }
    ~slot_blocks() {
        clear();
        for (std::size_t i = 0; i < std::min(blocks_.size(), few_blocks); ++i)
            std::allocator<Slot>{}.deallocate(blocks_[i], std::min(capacity_, per_block));
        for (std::size_t i = few_blocks; i < blocks_.size(); i += per_map)
            mapped_memory::unmap(blocks_[i], map_bytes);
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    [[nodiscard, gnu::always_inline]] Slot& operator[](std::uint32_t number) noexcept {
        if (number < per_block) return first_[number];
        return blocks_[number / per_block][number % per_block];
    }
    [[nodiscard, gnu::always_inline]] const Slot& operator[](std::uint32_t number) const noexcept {
        if (number < per_block) return first_[number];
        return blocks_[number / per_block][number % per_block];
    }

    [[gnu::always_inline]] Slot& append() {
        if (size_ == capacity_) [[unlikely]]
            grow();
        Slot* const added = std::construct_at(&(*this)[size_]);
        ++size_;
        return *added;
    }

    /// Keeps what is allocated.
    void clear() noexcept {
        if constexpr (!std::is_trivially_destructible_v<Slot>) {
            for (std::uint32_t i = 0; i < size_; ++i) std::destroy_at(&(*this)[i]);
        }
        size_ = 0;
    }

    template <class Archive>
    void archive(Archive& ar) {
        auto count = std::uint64_t{size_};
        ar(count);
        if constexpr (Archive::is_loading) {
            clear();
            for (; count > 0 && ar.ok(); --count) ar(append());
        } else {
            for (std::uint32_t i = 0; i < size_; ++i) ar((*this)[i]);
        }
    }

private:
    static constexpr std::uint32_t per_block = 2048;
    static constexpr std::size_t few_blocks = 64;  // behind them come mapped ones
    static constexpr std::size_t per_map =
        std::max<std::size_t>(1, (std::size_t{1} << 25) / (per_block * sizeof(Slot)));
    static constexpr std::size_t map_bytes = per_map * per_block * sizeof(Slot);

    void swap(slot_blocks& other) noexcept {
        blocks_.swap(other.blocks_);
        std::swap(first_, other.first_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

    /// The first block doubles until it is as large as those behind it.
    [[gnu::noinline]] void grow() {
        std::allocator<Slot> memory;
        if (capacity_ != 0 && capacity_ < per_block) {
            Slot* const larger = memory.allocate(2 * capacity_);
            try {
                std::uninitialized_move_n(blocks_[0], size_, larger);
            } catch (...) {
                memory.deallocate(larger, 2 * capacity_);
                throw;
            }
            std::destroy_n(blocks_[0], size_);
            memory.deallocate(std::exchange(blocks_[0], larger), capacity_);
            capacity_ *= 2;
        } else {
            const std::uint32_t added = capacity_ == 0 ? 1 : per_block;
            if (blocks_.size() == blocks_.capacity()) blocks_.reserve(2 * blocks_.size() + 1);
            blocks_.push_back(blocks_.size() < few_blocks ? memory.allocate(added)
                                                          : mapped_block());
            capacity_ += added;
        }
        first_ = blocks_.front();
    }

    [[nodiscard]] Slot* mapped_block() const {
        if ((blocks_.size() - few_blocks) % per_map != 0) return blocks_.back() + per_block;
        return static_cast<Slot*>(mapped_memory::map(map_bytes));
    }

    std::vector<Slot*> blocks_;
    Slot* first_ = nullptr;  // of them: where slots are few, one look less
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

}  // namespace millrace::detail
