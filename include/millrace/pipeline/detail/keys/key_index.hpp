#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/detail/zeroed_allocator.hpp>
#include <millrace/pipeline/detail/keys/index_group.hpp>

namespace millrace::detail {

/// Numbers, found by the hash of a key that stands elsewhere: open addressing by groups, each of
/// which is a line of the processor's cache and looked at as a whole; what a full one has no room
/// for lies in the next. It grows by how many there are, never by how they lie, so that keys which
/// collide cost time and no memory; and each `add` moves a few to the larger table, so that none
/// waits for all. Memory: 11 to 22 bytes a number, and 32 where it has just begun to grow.
class key_index {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// For how many numbers it has places.
    [[nodiscard]] std::size_t places() const noexcept { return (mask_ + 1) * index_group::size; }
    /// What is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (groups_.capacity() + old_.capacity()) * sizeof(index_group);
    }

    /// The number of that hash for which `is_sought(number)`, or `none`.
    template <class IsSought>
    [[nodiscard]] std::uint32_t find(std::size_t hash, IsSought is_sought) const {
        std::uint32_t found = none;
        const auto note = [&](std::uint32_t number) {
            found = number;
            return &found;
        };
        static_cast<void>(find_and(hash, is_sought, note));
        return found;
    }

    /// What `take(number)`, a pointer, gives for it; or null.
    template <class IsSought, class Take>
    [[nodiscard, gnu::always_inline]] auto find_and(std::size_t hash, IsSought is_sought,
                                                    Take&& take) const -> decltype(take(none)) {
        const index_group& home = groups_[hash & mask_];
        const unsigned likely = home.places_of(tag_of(hash));
        if (likely != 0) {
            const std::uint32_t number = home.numbers[first_in(likely)];
            if (is_sought(number)) [[likely]]
                return take(number);
        } else if (!home.is_full() && old_.empty()) [[likely]] {
            return nullptr;
        }
        const std::uint32_t found = search(hash, is_sought);
        return found == none ? nullptr : take(found);
    }

    /// Whether it has more numbers than a processor keeps near.
    [[nodiscard]] bool is_far() const noexcept { return mask_ >= few; }

    /// Brings near what `find` will look at.
    void prefetch(std::size_t hash) const noexcept { __builtin_prefetch(&groups_[hash & mask_]); }

    /// A number that may be the one that `find` gives, or `none`.
    [[nodiscard]] std::uint32_t guess(std::size_t hash) const noexcept {
        const index_group& home = groups_[hash & mask_];
        const unsigned likely = home.places_of(tag_of(hash));
        return likely != 0 ? home.numbers[first_in(likely)] : none;
    }

    /// Makes room for so many at once. It is empty.
    void reserve(std::size_t count) {
        std::size_t needed = mask_ + 1;
        while (room_in(needed) < count) needed *= 2;
        if (needed == mask_ + 1) return;
        groups_ = table(needed);
        mask_ = needed - 1;
        room_ = room_in(needed);
    }

    /// So that the next `add` does not throw.
    void make_room() {
        if (size_ >= room_) [[unlikely]]
            grow();
    }
    /// Adds a number that is not there.
    [[gnu::always_inline]] void add(std::size_t hash, std::uint32_t number) {
        make_room();
        put(tag_of(hash), number);
        ++size_;
        if (!old_.empty()) [[unlikely]]
            move_some();
    }

    /// Removes a number that is there.
    void erase(std::size_t hash, std::uint32_t number) noexcept {
        const std::uint32_t tag = tag_of(hash);
        if (!old_.empty()) {
            const place at = place_of(old_, old_mask(), tag, number);
            if (at.is_there()) old_[at.group].numbers[at.in_group] = none;
        }
        --size_;
        place hole = place_of(groups_, mask_, tag, number);
        if (!hole.is_there()) return;  // it had not been moved yet
        // What its group had no room for is found no more behind a hole.
        while (groups_[hole.group].is_full()) {
            const place next = displaced_past(hole.group);
            if (!next.is_there()) break;
            index_group& from = groups_[next.group];
            groups_[hole.group].put(hole.in_group, from.tags[next.in_group],
                                    from.numbers[next.in_group]);
            hole = next;
        }
        groups_[hole.group].remove(hole.in_group);
    }

    /// The memory stays.
    void clear() noexcept {
        for (index_group& each : groups_) each = index_group{};
        table{}.swap(old_);
        size_ = 0;
    }

private:
    using table = std::vector<index_group, zeroed_allocator<index_group>>;

    struct place {
        std::size_t group;
        unsigned in_group = index_group::size;

        [[nodiscard]] bool is_there() const noexcept { return in_group != index_group::size; }
    };

    static constexpr std::size_t few = 4096;  // groups

    /// Never 0; all bits but the first are the hash's.
    static std::uint32_t tag_of(std::size_t hash) noexcept {
        return static_cast<std::uint32_t>(hash) | index_group::in_use;
    }
    static unsigned first_in(unsigned places) noexcept {
        return static_cast<unsigned>(std::countr_zero(places));
    }
    static std::size_t room_in(std::size_t groups) noexcept {
        return groups * index_group::size / 4 * 3;
    }
    [[nodiscard]] std::size_t old_mask() const noexcept { return mask_ >> 1; }

    template <class IsSought>
    [[gnu::noinline]] std::uint32_t search(std::size_t hash, IsSought is_sought) const {
        const std::uint32_t found = search_in(groups_, mask_, tag_of(hash), is_sought);
        if (found != none || old_.empty()) return found;
        return search_in(old_, old_mask(), tag_of(hash), is_sought);
    }
    template <class IsSought>
    static std::uint32_t search_in(const table& in, std::size_t mask, std::uint32_t tag,
                                   IsSought& is_sought) {
        for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
            const index_group& group = in[at];
            for (unsigned left = group.places_of(tag); left != 0; left &= left - 1) {
                const std::uint32_t number = group.numbers[first_in(left)];
                if (number != none && is_sought(number)) return number;
            }
            if (!group.is_full()) return none;
        }
    }

    static place place_of(const table& in, std::size_t mask, std::uint32_t tag,
                          std::uint32_t number) noexcept {
        for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
            for (unsigned left = in[at].places_of(tag); left != 0; left &= left - 1) {
                if (in[at].numbers[first_in(left)] == number) return {at, first_in(left)};
            }
            if (!in[at].is_full()) return {at};
        }
    }

    /// Of one that lies behind the group, which is full, and was to lie in it or before it.
    [[nodiscard]] place displaced_past(std::size_t group) const noexcept {
        for (std::size_t at = (group + 1) & mask_;; at = (at + 1) & mask_) {
            for (unsigned i = 0; i != index_group::size; ++i) {
                const std::uint32_t tag = groups_[at].tags[i];
                if (tag != 0 && ((at - tag) & mask_) >= ((at - group) & mask_)) return {at, i};
            }
            if (!groups_[at].is_full()) return {at};
        }
    }

    [[gnu::always_inline]] void put(std::uint32_t tag, std::uint32_t number) noexcept {
        std::size_t at = tag & mask_;
        while (groups_[at].is_full()) [[unlikely]] at = (at + 1) & mask_;
        groups_[at].put(groups_[at].count(), tag, number);
    }

    [[gnu::noinline]] void grow() {
        const std::size_t groups = 2 * (mask_ + 1);
        table larger(groups);
        while (!old_.empty()) move_some();
        old_ = std::exchange(groups_, std::move(larger));
        mask_ = groups - 1;
        room_ = room_in(groups);
        moved_ = 0;
        if (groups <= few) {
            while (!old_.empty()) move_some();
        }
    }

    /// What was moved stays in the old table too, for others are found behind it.
    [[gnu::noinline]] void move_some() noexcept {
        const std::size_t end = std::min(moved_ + 8, old_.size());
        for (; moved_ != end; ++moved_) {
            const index_group& group = old_[moved_];
            for (unsigned i = 0; i != index_group::size; ++i) {
                if (group.tags[i] != 0 && group.numbers[i] != none)
                    put(group.tags[i], group.numbers[i]);
            }
        }
        if (moved_ == old_.size()) table{}.swap(old_);
    }

    table groups_ = table(1);
    std::size_t mask_ = 0;
    std::size_t room_ = room_in(1);  // for so many it is large enough
    std::size_t size_ = 0;
    table old_{};            // whose numbers are moved group by group
    std::size_t moved_ = 0;  // of its groups
};

}  // namespace millrace::detail
