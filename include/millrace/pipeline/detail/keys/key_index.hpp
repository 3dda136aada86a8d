#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/detail/index_line.hpp>

namespace millrace::detail {

/// Numbers, found by the hash of a key that stands elsewhere: open addressing by lines of a
/// processor's cache, each of which is looked at as a whole; what a full one has no room for lies
/// in the next. It grows by how many there are, never by how they lie, so that keys which collide
/// cost time and no memory; and each `add` moves a few to the larger table, so that none waits for
/// all. Memory: 11 to 22 bytes a number.
class key_index {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// For how many numbers it has places.
    [[nodiscard]] std::size_t places() const noexcept { return (mask_ + 1) * index_line::size; }
    /// What is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (lines_.capacity() + old_.capacity()) * sizeof(index_line);
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
        const index_line& home = lines_[hash & mask_];
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
    void prefetch(std::size_t hash) const noexcept { __builtin_prefetch(&lines_[hash & mask_]); }

    /// A number that may be the one that `find` gives, or `none`.
    [[nodiscard]] std::uint32_t guess(std::size_t hash) const noexcept {
        const index_line& home = lines_[hash & mask_];
        const unsigned likely = home.places_of(tag_of(hash));
        return likely != 0 ? home.numbers[first_in(likely)] : none;
    }

    /// Makes room for so many at once. It is empty.
    void reserve(std::size_t count) {
        std::size_t needed = mask_ + 1;
        while (room_in(needed) < count) needed *= 2;
        if (needed == mask_ + 1) return;
        lines_ = table(needed);
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
            if (at.is_there()) old_[at.line].numbers[at.in_line] = none;
        }
        --size_;
        place hole = place_of(lines_, mask_, tag, number);
        if (!hole.is_there()) return;  // it had not been moved yet
        // What its line had no room for is found no more behind a hole.
        while (lines_[hole.line].is_full()) {
            const place next = displaced_past(hole.line);
            if (!next.is_there()) break;
            index_line& from = lines_[next.line];
            lines_[hole.line].put(hole.in_line, from.tags[next.in_line],
                                  from.numbers[next.in_line]);
            hole = next;
        }
        lines_[hole.line].remove(hole.in_line);
    }

    /// The memory stays.
    void clear() noexcept {
        for (index_line& each : lines_) each = index_line{};
        table{}.swap(old_);
        size_ = 0;
    }

private:
    using table = std::vector<index_line, zeroed_allocator<index_line>>;

    struct place {
        std::size_t line;
        unsigned in_line = index_line::size;

        [[nodiscard]] bool is_there() const noexcept { return in_line != index_line::size; }
    };

    static constexpr std::size_t few = 4096;  // lines

    /// Never 0; all bits but the first are the hash's.
    static std::uint32_t tag_of(std::size_t hash) noexcept {
        return static_cast<std::uint32_t>(hash) | index_line::in_use;
    }
    static unsigned first_in(unsigned places) noexcept {
        return static_cast<unsigned>(std::countr_zero(places));
    }
    static std::size_t room_in(std::size_t lines) noexcept {
        return lines * index_line::size / 4 * 3;
    }
    [[nodiscard]] std::size_t old_mask() const noexcept { return mask_ >> 1; }

    template <class IsSought>
    [[gnu::noinline]] std::uint32_t search(std::size_t hash, IsSought is_sought) const {
        const std::uint32_t found = search_in(lines_, mask_, tag_of(hash), is_sought);
        if (found != none || old_.empty()) return found;
        return search_in(old_, old_mask(), tag_of(hash), is_sought);
    }
    template <class IsSought>
    static std::uint32_t search_in(const table& in, std::size_t mask, std::uint32_t tag,
                                   IsSought& is_sought) {
        for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
            const index_line& line = in[at];
            for (unsigned left = line.places_of(tag); left != 0; left &= left - 1) {
                const std::uint32_t number = line.numbers[first_in(left)];
                if (number != none && is_sought(number)) return number;
            }
            if (!line.is_full()) return none;
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

    /// Of one that lies behind the line, which is full, and was to lie in it or before it.
    [[nodiscard]] place displaced_past(std::size_t line) const noexcept {
        for (std::size_t at = (line + 1) & mask_;; at = (at + 1) & mask_) {
            for (unsigned i = 0; i != index_line::size; ++i) {
                const std::uint32_t tag = lines_[at].tags[i];
                if (tag != 0 && ((at - tag) & mask_) >= ((at - line) & mask_)) return {at, i};
            }
            if (!lines_[at].is_full()) return {at};
        }
    }

    [[gnu::always_inline]] void put(std::uint32_t tag, std::uint32_t number) noexcept {
        std::size_t at = tag & mask_;
        while (lines_[at].is_full()) [[unlikely]] at = (at + 1) & mask_;
        lines_[at].put(lines_[at].count(), tag, number);
    }

    [[gnu::noinline]] void grow() {
        const std::size_t lines = 2 * (mask_ + 1);
        table larger(lines);
        while (!old_.empty()) move_some();
        old_ = std::exchange(lines_, std::move(larger));
        mask_ = lines - 1;
        room_ = room_in(lines);
        moved_ = 0;
        if (lines <= few) {
            while (!old_.empty()) move_some();
        }
    }

    /// What was moved stays in the old table too, for others are found behind it.
    [[gnu::noinline]] void move_some() noexcept {
        const std::size_t end = std::min(moved_ + 8, old_.size());
        for (; moved_ != end; ++moved_) {
            const index_line& line = old_[moved_];
            for (unsigned i = 0; i != index_line::size; ++i) {
                if (line.tags[i] != 0 && line.numbers[i] != none)
                    put(line.tags[i], line.numbers[i]);
            }
        }
        if (moved_ == old_.size()) table{}.swap(old_);
    }

    table lines_ = table(1);
    std::size_t mask_ = 0;
    std::size_t room_ = room_in(1);  // for so many it is large enough
    std::size_t size_ = 0;
    table old_{};            // whose numbers are moved line by line
    std::size_t moved_ = 0;  // of its lines
};

}  // namespace millrace::detail
