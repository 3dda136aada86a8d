#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

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
/// no memory; and each `add` moves a few to the larger table, so that none waits for all, and gives
/// back what they have left, so that there are never two tables of one size. Memory: 8 bytes a
/// bucket; 11 to 22 bytes a number, and 32 to 64 where there are few, for which what counts is that
/// the first look finds it. Only the hash's upper half counts.
class key_index {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t buckets() const noexcept { return mask_ + 1; }
    /// What is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (buckets_.capacity() + old_.capacity()) * sizeof(bucket) - given_back_;
    }

    /// The number of that hash for which `is_sought(number)`, or `none`.
    template <class IsSought>
    [[nodiscard, gnu::always_inline]] std::uint32_t find(std::size_t hash,
                                                         IsSought&& is_sought) const {
        hash |= odd;
        const bucket* const at = home_of(hash);
        const bucket likely = likely_of(at, hash);
        if (is_of(likely, hash) && is_sought(number_in(likely))) [[likely]]
            return number_in(likely);
        if ((at[0] == 0) | (at[1] == 0)) return none;
        return search(hash, is_sought);
    }

    /// Whether it has more numbers than a processor keeps near.
    [[nodiscard]] bool is_far() const noexcept { return mask_ >= few; }

    /// Brings near what `find` will look at.
    void prefetch(std::size_t hash) const noexcept { __builtin_prefetch(home_of(hash | odd)); }

    /// A number that may be the one that `find` gives, or `none`.
    [[nodiscard, gnu::always_inline]] std::uint32_t guess(std::size_t hash) const noexcept {
        hash |= odd;
        const bucket likely = likely_of(home_of(hash), hash);
        return is_of(likely, hash) ? number_in(likely) : none;
    }

    /// Adds a number that is not there.
    void add(std::size_t hash, std::uint32_t number) {
        if (size_ >= room_) [[unlikely]]
            grow();
        put(bucket_of(hash, number));
        ++size_;
        if (!old_.empty()) [[unlikely]]
            move_some();
    }

    /// Removes a number that is there.
    void erase(std::size_t hash, std::uint32_t number) noexcept {
        const bucket sought = bucket_of(hash, number);
        const bool is_old = is_in_old(sought);
        bucket* const in = (is_old ? old_ : buckets_).data();
        const std::size_t mask = is_old ? mask_ >> 1 : mask_;
        const int shift = is_old ? shift_ + 1 : shift_;
        std::size_t hole = sought >> shift;
        while (in[hole] != sought) hole = (hole + 1) & mask;
        for (std::size_t at = (hole + 1) & mask; in[at] != 0; at = (at + 1) & mask) {
            const std::size_t displaced = (at - (in[at] >> shift)) & mask;
            if (displaced < ((at - hole) & mask)) continue;
            in[hole] = in[at];
            hole = at;
        }
        in[hole] = 0;
        --size_;
    }

    /// The buckets stay.
    void clear() noexcept {
        for (std::size_t i = 0; i <= mask_; ++i) buckets_[i] = 0;
        drop_old();
        size_ = 0;
    }

private:
    // The hash's upper half, odd, above; the number and 1 below. 0 where there is none.
    using bucket = std::uint64_t;
    using table = std::vector<bucket, zeroed_allocator<bucket>>;

    static constexpr std::size_t few = std::size_t{1} << 15;  // buckets
    static constexpr bucket odd = bucket{1} << 32;            // in every hash, so that none is 0
    static constexpr bucket end_mark = 1;                     // of no hash, and not 0

    static bucket bucket_of(std::size_t hash, std::uint32_t number) noexcept {
        return ((hash | odd) & ~bucket{UINT32_MAX}) | (number + 1);
    }
    static std::uint32_t number_in(bucket one) noexcept {
        return static_cast<std::uint32_t>(one) - 1;
    }
    static bool is_of(bucket one, std::size_t hash) noexcept { return (one ^ hash) >> 32 == 0; }
    /// Of two, without a branch between them that the processor would have to guess.
    static bucket likely_of(const bucket* two, std::size_t hash) noexcept {
        const auto is_first = static_cast<bucket>(is_of(two[0], hash));
        return two[1] ^ ((two[0] ^ two[1]) & (0 - is_first));
    }

    static table make_table(std::size_t buckets) {
        table made(buckets + 1);
        made.back() = end_mark;
        return made;
    }

    /// Whether buckets of that hash are still in the old table.
    [[nodiscard]] bool is_in_old(std::size_t hash) const noexcept {
        return !old_.empty() && (((hash >> (shift_ + 1)) - start_) & (mask_ >> 1)) >= moved_;
    }
    [[nodiscard]] const bucket* home_of(std::size_t hash) const noexcept {
        if (is_in_old(hash)) [[unlikely]]
            return &old_[hash >> (shift_ + 1)];
        return &buckets_[hash >> shift_];
    }

    template <class IsSought>
    [[gnu::noinline]] std::uint32_t search(std::size_t hash, IsSought& is_sought) const {
        const bool is_old = is_in_old(hash);
        const bucket* const in = (is_old ? old_ : buckets_).data();
        const std::size_t mask = is_old ? mask_ >> 1 : mask_;
        std::size_t at = hash >> (is_old ? shift_ + 1 : shift_);
        for (; in[at] != 0; at = (at + 1) & mask) {
            if (is_of(in[at], hash) && is_sought(number_in(in[at]))) return number_in(in[at]);
        }
        return none;
    }

    void put(bucket one) noexcept {
        const bool is_old = is_in_old(one);
        bucket* const in = (is_old ? old_ : buckets_).data();
        const std::size_t mask = is_old ? mask_ >> 1 : mask_;
        std::size_t at = one >> (is_old ? shift_ + 1 : shift_);
        while (in[at] != 0) at = (at + 1) & mask;
        in[at] = one;
    }

    void grow() {
        const std::size_t buckets = 2 * (mask_ + 1);
        table larger = make_table(buckets);
        while (!old_.empty()) move_some();
        old_ = std::exchange(buckets_, std::move(larger));
        for (start_ = 0; old_[start_] != 0;) ++start_;
        mask_ = buckets - 1;
        --shift_;
        room_ = buckets < few ? buckets / 4 : buckets / 4 * 3;
        moved_ = 0;
        if (buckets <= few) {
            while (!old_.empty()) move_some();
        }
    }

    /// From its `start_`, where nothing stands, on: what stands in a row goes together, so that
    /// each hash is in one of the tables.
    void move_some() noexcept {
        const std::size_t old_mask = mask_ >> 1;
        const std::size_t end = moved_ + 16;
        for (;; ++moved_) {
            const bucket one = std::exchange(old_[(start_ + moved_) & old_mask], 0);
            if (one == 0 && moved_ > old_mask) return drop_old();
            if (one == 0 && moved_ >= end) return give_back();
            if (one != 0) put_moved(one);
        }
    }

    void put_moved(bucket one) noexcept {
        std::size_t at = one >> shift_;
        while (buckets_[at] != 0) at = (at + 1) & mask_;
        buckets_[at] = one;
    }

    /// What whole pages the moved buckets have left.
    void give_back() noexcept {
#ifdef MADV_DONTNEED
        constexpr std::uintptr_t pages = std::uintptr_t{1} << 16;
        const auto address = [&](std::size_t at) {
            return reinterpret_cast<std::uintptr_t>(old_.data() + at);
        };
        const std::uintptr_t begin = (address(start_) + pages - 1) / pages * pages + given_back_;
        const std::uintptr_t end = address(std::min(start_ + moved_, mask_ >> 1)) / pages * pages;
        if (end <= begin) return;
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        given_back_ += end - begin;
#endif
    }

    void drop_old() noexcept {
        table{}.swap(old_);
        given_back_ = 0;
    }

    table buckets_ = make_table(16);
    std::size_t mask_ = 15;
    int shift_ = 60;        // of a hash, to its bucket
    std::size_t room_ = 4;  // for so many it is large enough
    std::size_t size_ = 0;
    table old_{};                 // whose numbers are moved bit by bit
    std::size_t start_ = 0;       // among its buckets
    std::size_t moved_ = 0;       // of its buckets
    std::size_t given_back_ = 0;  // bytes
};

}  // namespace millrace::detail
