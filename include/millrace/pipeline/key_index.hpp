#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// Numbers, found by the hash of a key that stands elsewhere: open addressing with linear probing.
/// It grows by how many there are, never by how they lie, so that keys which collide cost time and
/// no memory. Memory: 8 bytes a bucket, two to four buckets a number.
class key_index {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t buckets() const noexcept { return buckets_.size(); }

    /// The number of that hash for which `is_sought(number)`, or `none`.
    template <class IsSought>
    [[nodiscard]] std::uint32_t find(std::size_t hash, IsSought&& is_sought) const {
        const auto short_hash = static_cast<std::uint32_t>(hash);
        for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
            const bucket& here = buckets_[at];
            if (here.number == none) return none;
            if (here.hash == short_hash && is_sought(here.number)) return here.number;
        }
    }

    /// Adds a number that is not there.
    void add(std::size_t hash, std::uint32_t number) {
        if (2 * (size_ + 1) > buckets_.size()) grow();
        put({static_cast<std::uint32_t>(hash), number});
        ++size_;
    }

    /// Removes a number that is there.
    void erase(std::size_t hash, std::uint32_t number) noexcept {
        std::size_t hole = hash & mask_;
        while (buckets_[hole].number != number) hole = (hole + 1) & mask_;
        for (std::size_t at = (hole + 1) & mask_; buckets_[at].number != none;
             at = (at + 1) & mask_) {
            const std::size_t displaced = (at - buckets_[at].hash) & mask_;
            if (displaced < ((at - hole) & mask_)) continue;
            buckets_[hole] = buckets_[at];
            hole = at;
        }
        buckets_[hole].number = none;
        --size_;
    }

    /// The buckets stay.
    void clear() noexcept {
        for (bucket& each : buckets_) each = {};
        size_ = 0;
    }

private:
    struct bucket {
        std::uint32_t hash = 0;
        std::uint32_t number = none;
    };

    void put(bucket one) noexcept {
        std::size_t at = one.hash & mask_;
        while (buckets_[at].number != none) at = (at + 1) & mask_;
        buckets_[at] = one;
    }

    void grow() {
        std::vector<bucket> old(2 * buckets_.size());
        old.swap(buckets_);
        mask_ = buckets_.size() - 1;
        for (const bucket& each : old) {
            if (each.number != none) put(each);
        }
    }

    std::vector<bucket> buckets_ = std::vector<bucket>(16);
    std::size_t mask_ = 15;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
