#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/text_arena.hpp>

namespace millrace::detail {

/// Calls of any types that are made later and elsewhere, each once, with a `Target&`. Those that
/// are not made are destroyed. What it has allocated is used again, but for what was unusually
/// much.
template <class Target>
class call_list {
public:
    /// Calls of smaller causes come first, and of one cause those of smaller ranks.
    struct turn {
        std::uint64_t cause = 0;
        std::size_t rank = 0;

        friend constexpr auto operator<=>(const turn&, const turn&) = default;
    };

    class entry {
    public:
        [[nodiscard]] const turn& when() const noexcept { return when_; }

        void call(Target& on) { std::exchange(act_, nullptr)(object_, &on); }

    private:
        friend call_list;

        explicit entry(const turn& when) noexcept : when_{when} {}

        turn when_;
        void* object_ = nullptr;
        void (*act_)(void*, Target*) = nullptr;
    };

    call_list() = default;
    call_list(const call_list&) = delete;
    call_list& operator=(const call_list&) = delete;
    ~call_list() { clear(); }

    template <class Call>
    void add(const turn& when, Call call) {
        static_assert(alignof(Call) <= alignment);
        void* const at = take_memory(sizeof(Call));
        entry& added = entries_.emplace_back(entry{when});
        try {
            added.object_ = ::new (at) Call{std::move(call)};
        } catch (...) {
            entries_.pop_back();
            throw;
        }
        added.act_ = [](void* object, Target* on) {
            Call& made = *static_cast<Call*>(object);
            const at_exit destroy{[&made] { made.~Call(); }};
            if (on != nullptr) made(*on);
        };
    }

    /// For texts that the calls added next refer to.
    [[nodiscard]] text_arena& texts() noexcept { return texts_; }

    [[nodiscard]] std::span<entry> entries() noexcept { return entries_; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    void clear() noexcept {
        for (entry& each : entries_)
            if (each.act_ != nullptr) each.act_(each.object_, nullptr);
        if (entries_.capacity() > max_idle_entries) std::vector<entry>{}.swap(entries_);
        entries_.clear();
        if (chunks_.size() > 1) chunks_.resize(1);
        used_ = 0;
        texts_.clear();
    }

private:
    static constexpr std::size_t alignment = alignof(std::max_align_t);
    static constexpr std::size_t chunk_bytes = 64 * 1024;
    static constexpr std::size_t max_idle_entries = 4096;

    struct chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t bytes;
    };

    [[nodiscard]] void* take_memory(std::size_t bytes) {
        const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
        if (chunks_.empty() || rounded > chunks_.back().bytes - used_) {
            const std::size_t size = rounded > chunk_bytes ? rounded : chunk_bytes;
            chunks_.push_back({std::make_unique<std::byte[]>(size), size});
            used_ = 0;
        }
        return chunks_.back().memory.get() + std::exchange(used_, used_ + rounded);
    }

    std::vector<entry> entries_;
    text_arena texts_;
    std::vector<chunk> chunks_;
    std::size_t used_ = 0;  // of the last chunk
};

}  // namespace millrace::detail
