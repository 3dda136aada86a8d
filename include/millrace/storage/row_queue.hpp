#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A ring of at most `limit` rows. It grows to what it once held and then allocates no more: rows
/// are assigned to old ones and swapped out, so that their strings' memory goes round, too.
template <class Row>
class row_queue {
public:
    explicit row_queue(std::size_t limit) : limit_{limit} {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_full() const noexcept { return size_ == limit_; }

    /// Only where it is not full.
    void push(const Row& row) {
        if (size_ == rows_.size()) grow();
        rows_[(first_ + size_) % rows_.size()] = row;
        ++size_;
    }

    void drop_oldest() noexcept { skip(1); }

    /// Swaps the oldest rows with those of `out`; gives how many.
    std::size_t take(std::span<Row> out) {
        const std::size_t count = std::min(out.size(), size_);
        for (std::size_t i = 0; i < count; ++i) {
            std::ranges::swap(out[i], rows_[(first_ + i) % rows_.size()]);
        }
        skip(count);
        return count;
    }

private:
    void skip(std::size_t count) noexcept {
        if (count > 0) first_ = (first_ + count) % rows_.size();
        size_ -= count;
    }

    void grow() {
        std::rotate(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(first_),
                    rows_.end());
        first_ = 0;
        rows_.resize(std::min(limit_, std::max<std::size_t>(16, rows_.size() * 2)));
    }

    std::size_t limit_;
    std::vector<Row> rows_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
