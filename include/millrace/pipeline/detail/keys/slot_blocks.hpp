#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// Slots by number, in blocks: beyond the first block none is moved when others come, and no more
/// is allocated than one block ahead.
template <class Slot>
class slot_blocks {
public:
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept {
        return blocks_.empty() ? 0 : blocks_.front().capacity() + (blocks_.size() - 1) * per_block;
    }

    [[nodiscard]] Slot& operator[](std::uint32_t number) noexcept {
        return blocks_[number / per_block][number % per_block];
    }
    [[nodiscard]] const Slot& operator[](std::uint32_t number) const noexcept {
        return blocks_[number / per_block][number % per_block];
    }

    Slot& append() {
        const std::size_t block = size_ / per_block;
        if (size_ % per_block == 0 && block == blocks_.size()) [[unlikely]]
            open_block();
        Slot& added = blocks_[block].emplace_back();
        ++size_;
        return added;
    }

    /// Keeps what is allocated.
    void clear() noexcept {
        for (auto& each : blocks_) each.clear();
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

    [[gnu::noinline]] void open_block() {
        const bool is_first = blocks_.empty();
        auto& opened = blocks_.emplace_back();
        if (!is_first) opened.reserve(per_block);
    }

    std::vector<std::vector<Slot>> blocks_;
    std::uint32_t size_ = 0;
};

}  // namespace millrace::detail
