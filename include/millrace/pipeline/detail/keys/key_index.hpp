#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace millrace::detail {

/// Memory that is zero, and that costs nothing before it is used: for vectors of what is 0 at
/// first.
template <class T>
struct zeroed_allocator {
    using value_type = T;

    zeroed_allocator() = default;
    template <class Other>
    zeroed_allocator(const zeroed_allocator<Other>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        if (void* const memory = std::calloc(count, sizeof(T))) return static_cast<T*>(memory);
        throw std::bad_alloc{};
    }
    void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }
    void construct(T*) noexcept {}
    void construct(T* at, const T& from) noexcept { *at = from; }

    friend bool operator==(const zeroed_allocator&, const zeroed_allocator&) { return true; }
};

/// Numbers, found by the hash of a key that stands elsewhere: open addressing with linear probing.
/// It grows by how many there are, never by how they lie, so that keys which collide cost time and
/// no memory; and each `add` moves a few to the larger table, so that none waits for all. Memory: 8
/// bytes a bucket; 11 to 22 bytes a number, and 32 to 64 where there are few, for which what counts
/// is that the first look finds it.
class key_index {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t buckets() const noexcept { return mask_ + 1; }
    /// What is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (buckets_.capacity() + old_.capacity()) * sizeof(std::uint64_t);
    }

    /// The number of that hash for which `is_sought(number)`, or `none`.
    template <class IsSought>
    [[nodiscard, gnu::always_inline]] std::uint32_t find(std::size_t hash,
                                                         IsSought&& is_sought) const {
        // Two at once, without a branch between them that the processor would have to guess.
        const std::size_t at = hash & mask_;
        const std::uint64_t first = buckets_[at], second = buckets_[at + 1];
        const std::uint64_t likely = is_of(first, hash) ? first : second;
        if (is_of(likely, hash) && is_sought(number_in(likely))) [[likely]]
            return number_in(likely);
        if (first == 0 && old_.empty()) return none;
        return search(hash, is_sought);
    }

    /// Whether it has more numbers than a processor keeps near.
    [[nodiscard]] bool is_far() const noexcept { return mask_ >= few; }

    /// Brings near what `find` will look at.
    void prefetch(std::size_t hash) const noexcept { __builtin_prefetch(&buckets_[hash & mask_]); }

    /// A number that may be the one that `find` gives, or `none`.
    [[nodiscard]] std::uint32_t guess(std::size_t hash) const noexcept {
        const std::size_t at = hash & mask_;
        const std::uint64_t likely = is_of(buckets_[at], hash) ? buckets_[at] : buckets_[at + 1];
        return is_of(likely, hash) ? number_in(likely) : none;
    }

    /// Makes room for so many at once. It is empty.
    void reserve(std::size_t count) {
        std::size_t needed = buckets();
        while (room_in(needed) < count) needed *= 2;
        if (needed == buckets()) return;
        buckets_ = table(needed + 1);
        mask_ = needed - 1;
        room_ = room_in(needed);
    }

    /// So that the next `add` does not throw.
    void make_room() {
        if (size_ >= room_) [[unlikely]]
            grow();
    }
    /// Adds a number that is not there.
    void add(std::size_t hash, std::uint32_t number) {
        make_room();
        put(bucket_of(hash, number));
        ++size_;
        if (!old_.empty()) [[unlikely]]
            move_some();
    }

    /// Removes a number that is there.
    void erase(std::size_t hash, std::uint32_t number) noexcept {
        const std::uint64_t sought = bucket_of(hash, number);
        for (std::size_t at = hash & old_mask(); !old_.empty() && old_[at] != 0;
             at = (at + 1) & old_mask()) {
            if (old_[at] == sought) old_[at] = gone;
        }
        --size_;
        std::size_t hole = hash & mask_;
        for (; buckets_[hole] != sought; hole = (hole + 1) & mask_) {
            if (buckets_[hole] == 0) return;  // it had not been moved yet
        }
        for (std::size_t at = (hole + 1) & mask_; buckets_[at] != 0; at = (at + 1) & mask_) {
            const std::size_t displaced = (at - hash_in(buckets_[at])) & mask_;
            if (displaced < ((at - hole) & mask_)) continue;
            buckets_[hole] = buckets_[at];
            hole = at;
        }
        buckets_[hole] = 0;
    }

    /// The buckets stay.
    void clear() noexcept {
        for (std::uint64_t& each : buckets_) each = 0;
        table{}.swap(old_);
        size_ = 0;
    }

private:
    // A bucket: the hash's lower half above, the number and 1 below; 0 where there is none.
    using table = std::vector<std::uint64_t, zeroed_allocator<std::uint64_t>>;

    static constexpr std::size_t few = std::size_t{1} << 15;  // buckets
    static constexpr std::uint64_t gone = none;  // of a hash whose number is never asked

    static std::uint64_t bucket_of(std::size_t hash, std::uint32_t number) noexcept {
        return std::uint64_t{hash} << 32 | (number + 1);
    }
    static std::uint32_t number_in(std::uint64_t bucket) noexcept {
        return static_cast<std::uint32_t>(bucket) - 1;
    }
    static std::size_t hash_in(std::uint64_t bucket) noexcept { return bucket >> 32; }
    static bool is_of(std::uint64_t bucket, std::size_t hash) noexcept {
        return bucket >> 32 == static_cast<std::uint32_t>(hash) && bucket != 0;
    }
    static std::size_t room_in(std::size_t buckets) noexcept {
        return buckets < few ? buckets / 4 : buckets / 4 * 3;
    }
    [[nodiscard]] std::size_t old_mask() const noexcept { return mask_ >> 1; }

    template <class IsSought>
    [[gnu::noinline]] std::uint32_t search(std::size_t hash, IsSought& is_sought) const {
        for (std::size_t at = hash & mask_; buckets_[at] != 0; at = (at + 1) & mask_) {
            if (is_of(buckets_[at], hash) && is_sought(number_in(buckets_[at])))
                return number_in(buckets_[at]);
        }
        if (old_.empty()) return none;
        const std::size_t mask = old_mask();
        for (std::size_t at = hash & mask; old_[at] != 0; at = (at + 1) & mask) {
            if (is_of(old_[at], hash) && old_[at] != gone && is_sought(number_in(old_[at])))
                return number_in(old_[at]);
        }
        return none;
    }

    void put(std::uint64_t one) noexcept {
        std::size_t at = hash_in(one) & mask_;
        while (buckets_[at] != 0) at = (at + 1) & mask_;
        buckets_[at] = one;
    }

    [[gnu::noinline]] void grow() {
        const std::size_t buckets = 2 * (mask_ + 1);
        table larger(buckets + 1);
        while (!old_.empty()) move_some();
        old_ = std::exchange(buckets_, std::move(larger));
        mask_ = buckets - 1;
        room_ = room_in(buckets);
        moved_ = 0;
        if (buckets <= few) {
            while (!old_.empty()) move_some();
        }
    }

    /// What was moved stays in the old table too, for others are found behind it.
    void move_some() noexcept {
        const std::size_t end = std::min(moved_ + 8, old_mask() + 1);
        for (; moved_ < end; ++moved_) {
            if (old_[moved_] != 0 && old_[moved_] != gone) put(old_[moved_]);
        }
        if (moved_ > old_mask()) table{}.swap(old_);
    }

    table buckets_ = table(17);  // one more than is used, which is 0
    std::size_t mask_ = 15;
    std::size_t room_ = 4;  // for so many it is large enough
    std::size_t size_ = 0;
    table old_{};            // whose numbers are moved bit by bit
    std::size_t moved_ = 0;  // of its buckets
};

}  // namespace millrace::detail
