#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// The rows of one key by their times, those of one time as they came. One that comes in order
/// costs a few steps, any other the logarithm of how many there are, and the moves of one block.
///
/// @tparam Row has a `time`
template <class Row>
class sorted_rows {
    static constexpr std::uint32_t block_size = 64;

    /// Some of the rows, one behind the other; of the vector those before `first` have gone.
    struct block {
        std::vector<Row> all;
        std::uint32_t first = 0;

        [[nodiscard]] bool empty() const noexcept { return first == all.size(); }
        [[nodiscard]] std::uint32_t size() const noexcept {
            return static_cast<std::uint32_t>(all.size()) - first;
        }
        [[nodiscard]] Row* begin() noexcept { return all.data() + first; }
        [[nodiscard]] Row* end() noexcept { return all.data() + all.size(); }
        [[nodiscard]] const Row* begin() const noexcept { return all.data() + first; }
        [[nodiscard]] const Row* end() const noexcept { return all.data() + all.size(); }

        void drop_gone() {
            all.erase(all.begin(), all.begin() + first);
            first = 0;
        }
        void clear() noexcept {
            all.clear();
            first = 0;
        }
    };

public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// What is allocated, but for what a row allocates.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t all = rest_.capacity() * sizeof(block) +
                          (head_.all.capacity() + spare_.capacity()) * sizeof(Row);
        for (const block& each : rest_) all += each.all.capacity() * sizeof(Row);
        return all;
    }
    /// Of rows that are not empty.
    [[nodiscard]] Row& front() noexcept { return *head_.begin(); }
    [[nodiscard]] const Row& front() const noexcept { return *head_.begin(); }
    [[nodiscard]] const Row& back() const noexcept { return last().all.back(); }

    /// Behind all that are not later.
    Row& insert(Row row) {
        Row& added = empty() || back().time <= row.time ? append(std::move(row))
                                                        : insert_before_end(std::move(row));
        ++size_;
        return added;
    }

    void pop_front() noexcept {
        ++head_.first;
        --size_;
        if (head_.empty()) drop_head();
    }

    /// Calls `f(row&)` for each whose time is in [from, to], in their order.
    template <class F>
    void for_each_within(timestamp from, timestamp to, F&& f) {
        if (empty() || back().time < from) return;
        for (std::size_t at = block_with(is_from(from)); at != blocks(); ++at) {
            block& in = block_at(at);
            for (Row* row = first_row(in, is_from(from)); row != in.end(); ++row) {
                if (row->time > to) return;
                f(*row);
            }
        }
    }

    /// The last one that is not later; null where there is none.
    [[nodiscard]] Row* last_until(timestamp time) noexcept {
        if (empty() || front().time > time) return nullptr;
        const std::size_t at = block_with(is_behind(time));
        if (at == blocks()) return &last().all.back();
        block& in = block_at(at);
        Row* const behind = first_row(in, is_behind(time));
        return behind == in.begin() ? block_at(at - 1).end() - 1 : behind - 1;
    }
    /// The first one that is not earlier; null where there is none.
    [[nodiscard]] Row* first_from(timestamp time) noexcept {
        if (empty() || back().time < time) return nullptr;
        return first_row(block_at(block_with(is_from(time))), is_from(time));
    }
    /// The time of the one behind the first; the end of time where there is none.
    [[nodiscard]] timestamp second_time() const noexcept {
        if (head_.size() > 1) return head_.begin()[1].time;
        return rest_.empty() ? timestamp::max() : rest_.front().begin()->time;
    }

    template <class F>
    void for_each(F&& f) const {
        for (const Row& row : head_) f(row);
        for (const block& each : rest_)
            for (const Row& row : each) f(row);
    }

    template <class Archive>
    void archive(Archive& ar) {
        auto count = std::uint64_t{size_};
        ar(count);
        if constexpr (Archive::is_loading) {
            *this = sorted_rows{};
            for (; count > 0 && ar.ok(); --count) {
                Row row{};
                ar(row);
                ar.require(empty() || back().time <= row.time);
                if (ar.ok()) insert(std::move(row));
            }
        } else {
            for (Row& row : head_) ar(row);
            for (block& each : rest_)
                for (Row& row : each) ar(row);
        }
    }

private:
    [[nodiscard]] static auto is_from(timestamp time) noexcept {
        return [time](const Row& row) { return row.time >= time; };
    }
    [[nodiscard]] static auto is_behind(timestamp time) noexcept {
        return [time](const Row& row) { return row.time > time; };
    }

    [[nodiscard]] std::size_t blocks() const noexcept { return rest_.size() + 1; }
    [[nodiscard]] block& block_at(std::size_t at) noexcept {
        return at == 0 ? head_ : rest_[at - 1];
    }
    [[nodiscard]] block& last() noexcept { return rest_.empty() ? head_ : rest_.back(); }
    [[nodiscard]] const block& last() const noexcept {
        return rest_.empty() ? head_ : rest_.back();
    }

    /// The first block whose last row is so, as all behind it are; else how many there are.
    template <class IsSo>
    [[nodiscard]] std::size_t block_with(IsSo is_so) const noexcept {
        if (is_so(head_.all.back())) return 0;
        const auto found = std::partition_point(
            rest_.begin(), rest_.end(), [&](const block& each) { return !is_so(each.all.back()); });
        return static_cast<std::size_t>(found - rest_.begin()) + 1;
    }
    /// Likewise of the rows of a block.
    template <class IsSo>
    [[nodiscard]] static Row* first_row(block& in, IsSo is_so) noexcept {
        Row* at = in.begin();
        if (in.size() > 8)
            return std::partition_point(at, in.end(), [&](const Row& row) { return !is_so(row); });
        while (at != in.end() && !is_so(*at)) ++at;
        return at;
    }

    Row& append(Row row) {
        block& to = last();
        const bool has_room = to.all.size() < to.all.capacity();
        if (!has_room && to.first * 2 >= to.all.size() && to.first != 0) to.drop_gone();
        if (has_room || to.size() < block_size) return to.all.emplace_back(std::move(row));
        block next{std::move(spare_)};
        next.all.push_back(std::move(row));
        rest_.push_back(std::move(next));
        return rest_.back().all.back();
    }

    Row& insert_before_end(Row row) {
        std::size_t at = block_with(is_behind(row.time));
        if (block_at(at).size() >= block_size) {
            block half;
            half.all.reserve(block_size);
            rest_.insert(rest_.begin() + static_cast<std::ptrdiff_t>(at), std::move(half));
            block &front = block_at(at), &back = rest_[at];  // from here on nothing throws
            Row* const middle = front.begin() + front.size() / 2;
            back.all.assign(std::move_iterator{middle}, std::move_iterator{front.end()});
            front.all.resize(static_cast<std::size_t>(middle - front.all.data()));
            if (!is_behind(row.time)(front.all.back())) ++at;
        }
        block& to = block_at(at);
        const Row* const before = first_row(to, is_behind(row.time));
        return *to.all.insert(to.all.begin() + (before - to.all.data()), std::move(row));
    }

    /// The first block has become empty.
    void drop_head() noexcept {
        head_.clear();
        if (rest_.empty()) return;
        std::swap(head_, rest_.front());
        spare_ = std::move(rest_.front().all);
        rest_.erase(rest_.begin());
    }

    block head_;
    std::vector<block> rest_;  // none is empty, and nothing of them has gone
    std::vector<Row> spare_;   // memory for the next block
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
