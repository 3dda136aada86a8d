#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/core/hash.hpp>
#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/keys/key_index.hpp>
#include <millrace/pipeline/detail/keys/slot_blocks.hpp>

namespace millrace::detail {

/// Makes a slot as new, but keeps what its list has allocated, where that is not much.
template <class Slot, class Cell>
void recycle_slot(Slot& of, std::vector<Cell> Slot::*list) noexcept {
    constexpr std::size_t few = 4;
    std::vector<Cell> kept;
    if ((of.*list).capacity() <= few) kept.swap(of.*list);
    kept.clear();
    of = Slot{};
    (of.*list).swap(kept);
}

/// The slots of the keys that hold state, by key and by number. A number is good until its slot
/// is erased; a pointer until the next `add`, which moves few slots or none. A slot that has
/// `recycle()` makes itself as new by it, and may keep what it has allocated.
template <class Key, class Slot>
class key_table {
public:
    [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
    /// What is allocated, but for what a slot allocates beside its key.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return index_.bytes() + slots_.capacity() * sizeof(Slot) +
               free_.capacity() * sizeof(std::uint32_t) + text_bytes_;
    }
    /// Numbers are below this.
    [[nodiscard]] std::uint32_t slots() const noexcept { return slots_.size(); }
    [[nodiscard]] Slot& operator[](std::uint32_t number) noexcept { return slots_[number]; }
    [[nodiscard]] std::uint32_t number_of(const Slot& slot) const noexcept {
        return number_of_key(slot.key);
    }

    template <class Sought>
    [[nodiscard]] Slot* find(const Sought& key) noexcept {
        return find(hash_(key), key);
    }
    template <class Sought>
    Slot& add(const Sought& key) {
        return add(hash_(key), key);
    }

    template <class Sought>
    [[nodiscard]] std::size_t hash_of(const Sought& key) const noexcept {
        return hash_(key);
    }
    template <class Sought>
    [[nodiscard, gnu::always_inline]] Slot* find(std::size_t hash, const Sought& key) noexcept {
        return find_and(hash, key, [](std::uint32_t, Slot&) {});
    }
    template <class Sought>
    Slot& add(std::size_t hash, const Sought& key) {
        Key owned{key};
        index_.make_room();
        const bool is_reused = !free_.empty();
        const std::uint32_t number = is_reused ? free_.back() : slots_.size();
        Slot& added = is_reused ? slots_[number] : slots_.append();
        if (is_reused) free_.pop_back();
        added.key = std::move(owned);
        index_.add(hash, number);
        text_bytes_ += text_bytes(added.key);
        return added;
    }

    /// Likewise, and calls `take(number, slot)` where there is one.
    template <class Sought, class Take>
    [[nodiscard, gnu::always_inline]] Slot* find_and(std::size_t hash, const Sought& key,
                                                     Take&& take) noexcept {
        return index_.find_and(hash, is_of(key), [&](std::uint32_t number) {
            Slot& found = slots_[number];
            take(number, found);
            return &found;
        });
    }

    /// That so many keys are expected; it is empty.
    void expect(std::size_t keys) { index_.reserve(keys); }

    /// Whether it takes long to reach a slot that nobody has looked at for a while.
    [[nodiscard]] bool is_far() const noexcept { return index_.is_far(); }
    /// For those who look up several keys at once: brings near what `guess` looks at.
    [[gnu::always_inline]] void prefetch_index(std::size_t hash) const noexcept {
        index_.prefetch(hash);
    }
    /// The number of a slot, which is brought near, that may be the key's.
    [[nodiscard, gnu::always_inline]] std::uint32_t guess(std::size_t hash) const noexcept {
        const std::uint32_t number = index_.guess(hash);
        if (number != key_index::none) {
            const auto* const at = reinterpret_cast<const char*>(&slots_[number]);
            __builtin_prefetch(at);
            if constexpr (sizeof(Slot) > 16) __builtin_prefetch(at + sizeof(Slot) - 1);
        }
        return number;
    }
    /// The slot that was guessed, where it is the key's.
    template <class Sought>
    [[nodiscard, gnu::always_inline]] Slot* slot_if(std::uint32_t number,
                                                    const Sought& key) noexcept {
        if (number >= slots_.size()) return nullptr;
        Slot& guessed = slots_[number];
        return key_equal{}(guessed.key, key) ? &guessed : nullptr;
    }

    /// So that the next `erase` does not throw, where a slot has `recycle()`, or its empty one does
    /// not.
    void make_room_to_erase() {
        if (free_.size() == free_.capacity()) free_.reserve(2 * free_.size() + 1);
    }
    /// The slot gives back what it holds.
    void erase(Slot& slot) {
        if constexpr (requires { slot.recycle(); }) {
            forget(slot);
            slot.recycle();
        } else {
            Slot empty{};  // which may throw, and the slot stays then
            forget(slot);
            slot = std::move(empty);
        }
    }

    /// Whether far more is allocated than so many keys need.
    [[nodiscard]] bool is_oversized(std::size_t keys) const noexcept {
        const std::size_t allocated = std::max(slots_.capacity(), index_.places() / 4);
        return allocated > 64 && keys < allocated / 8;
    }

    /// Erases all, and keeps what is allocated, but for where it was far more than was used.
    void clear() noexcept { clear(slots_.size()); }
    /// Likewise, where so many keys are expected next.
    void clear(std::size_t keys) noexcept {
        if (is_oversized(keys)) {
            try {
                *this = key_table{};
                return;
            } catch (const std::bad_alloc&) {  // it stays as large as it is
            }
        }
        slots_.clear();
        free_.clear();
        index_.clear();
        text_bytes_ = 0;
    }

    /// Calls `f(slot)` for each slot in use, in an order that depends on history alone.
    template <class F>
    void for_each(F&& f) {
        if (free_.empty()) {
            for (std::uint32_t i = 0; i < slots_.size(); ++i) f(slots_[i]);
        } else {
            std::vector<bool> is_free(slots_.size(), false);
            for (const std::uint32_t number : free_) is_free[number] = true;
            for (std::uint32_t i = 0; i < slots_.size(); ++i) {
                if (!is_free[i]) f(slots_[i]);
            }
        }
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(slots_, free_);
        if constexpr (Archive::is_loading) {
            index_.clear();
            text_bytes_ = 0;
            std::vector<bool> is_free(slots_.size(), false);
            for (const std::uint32_t number : free_) {
                ar.require(number < slots_.size() && !is_free[number]);
                if (!ar.ok()) return clear();
                is_free[number] = true;
            }
            for (std::uint32_t i = 0; i < slots_.size(); ++i) {
                if (is_free[i]) continue;
                ar.require(number_of_key(slots_[i].key) == key_index::none);
                index_.add(hash_(slots_[i].key), i);
                text_bytes_ += text_bytes(slots_[i].key);
            }
        }
    }

private:
    void forget(Slot& slot) {
        const std::uint32_t number = number_of(slot);
        free_.push_back(number);
        index_.erase(hash_(slot.key), number);
        text_bytes_ -= text_bytes(slot.key);
    }

    template <class Part>
    static std::size_t text_bytes([[maybe_unused]] const Part& key) noexcept {
        if constexpr (is_composite_key<Part>) {
            return std::apply([](const auto&... each) { return (text_bytes(each) + ...); },
                              key.parts);
        } else if constexpr (std::same_as<Part, std::string>) {
            if (key.capacity() > std::string{}.capacity()) return key.capacity() + 1;
        }
        return 0;
    }

    template <class Sought>
    [[nodiscard]] std::uint32_t number_of_key(const Sought& key) const {
        return index_.find(hash_(key), is_of(key));
    }
    template <class Sought>
    [[nodiscard, gnu::always_inline]] auto is_of(const Sought& key) const noexcept {
        return [this, &key](std::uint32_t n) { return key_equal{}(slots_[n].key, key); };
    }

    key_hash hash_;
    key_index index_;
    slot_blocks<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t text_bytes_ = 0;  // of keys that are too long to lie in their slots
};

/// The one slot of a stream without a key.
template <class Slot>
class key_table<no_key, Slot> {
public:
    [[nodiscard]] std::size_t size() const noexcept { return in_use_ ? 1 : 0; }
    [[nodiscard]] std::size_t bytes() const noexcept { return 0; }
    [[nodiscard]] std::uint32_t slots() const noexcept { return in_use_ ? 1 : 0; }
    [[nodiscard]] Slot& operator[](std::uint32_t) noexcept { return slot_; }
    [[nodiscard]] std::uint32_t number_of(const Slot&) const noexcept { return 0; }
    [[nodiscard]] std::size_t hash_of(no_key) const noexcept { return 0; }
    [[nodiscard]] Slot* find(no_key) noexcept { return in_use_ ? &slot_ : nullptr; }
    [[nodiscard]] Slot* find(std::size_t, no_key key) noexcept { return find(key); }
    Slot& add(no_key) {
        if constexpr (!requires { slot_.recycle(); }) slot_ = Slot{};
        in_use_ = true;
        return slot_;
    }
    Slot& add(std::size_t, no_key key) { return add(key); }
    void make_room_to_erase() noexcept {}
    void erase(Slot&) noexcept { clear(); }
    void clear() noexcept {
        if constexpr (requires { slot_.recycle(); }) slot_.recycle();
        in_use_ = false;
    }
    void expect(std::size_t) noexcept {}

    template <class F>
    void for_each(F&& f) {
        if (in_use_) f(slot_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(in_use_, slot_);
    }

private:
    Slot slot_{};
    bool in_use_ = false;
};

}  // namespace millrace::detail
