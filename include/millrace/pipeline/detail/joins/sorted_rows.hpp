#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/windows/ring_buffer.hpp>

namespace millrace::detail {

/// The rows of one key by their times, those of one time as they came. One that comes in order
/// costs a few steps, any other the logarithm of how many there are, and the moves of one block.
///
/// @tparam Row has a `time`
template <class Row>
class sorted_rows {
    static constexpr std::uint32_t block_size = 32;
    using block = ring_buffer<Row>;

public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// What is allocated, but for what a row allocates.
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t all = blocks_.bytes();
        for (std::uint32_t i = 0; i < blocks_.size(); ++i) all += blocks_[i].bytes();
        return all;
    }
    /// Of rows that are not empty.
    [[nodiscard]] Row& front() noexcept { return blocks_.front().front(); }
    [[nodiscard]] const Row& front() const noexcept { return blocks_.front().front(); }
    [[nodiscard]] const Row& back() const noexcept { return blocks_.back().back(); }

    /// Behind all that are not later.
    Row& insert(Row row) {
        const std::uint32_t at = block_behind(row.time);
        Row& added =
            at == blocks_.size() ? append(std::move(row)) : insert_into(at, std::move(row));
        ++size_;
        return added;
    }

    void pop_front() {
        blocks_.front().pop_front();
        if (blocks_.front().empty() && blocks_.size() > 1) blocks_.pop_front();
        --size_;
    }

    /// Calls `f(row&)` for each whose time is in [from, to], in their order.
    template <class F>
    void for_each_within(timestamp from, timestamp to, F&& f) {
        if (empty() || back().time < from || front().time > to) return;
        std::uint32_t at = 0, row = 0;
        if (front().time < from) {
            at = first_of(blocks_.size(),
                          [&](std::uint32_t i) { return blocks_[i].back().time >= from; });
            row = first_of(blocks_[at].size(),
                           [&](std::uint32_t i) { return blocks_[at][i].time >= from; });
        }
        for (; at < blocks_.size(); ++at, row = 0) {
            for (; row < blocks_[at].size(); ++row) {
                if (blocks_[at][row].time > to) return;
                f(blocks_[at][row]);
            }
        }
    }

    /// The last one that is not later; null where there is none.
    [[nodiscard]] Row* last_until(timestamp time) noexcept {
        if (empty() || front().time > time) return nullptr;
        const std::uint32_t at = block_behind(time);
        if (at == blocks_.size()) return &blocks_.back().back();
        const std::uint32_t row = row_behind(blocks_[at], time);
        return row > 0 ? &blocks_[at][row - 1] : &blocks_[at - 1].back();
    }
    /// The first one that is not earlier; null where there is none.
    [[nodiscard]] Row* first_from(timestamp time) noexcept {
        Row* found = nullptr;
        if (empty() || back().time < time) return found;
        const std::uint32_t at = first_of(
            blocks_.size(), [&](std::uint32_t i) { return blocks_[i].back().time >= time; });
        return &blocks_[at][first_of(blocks_[at].size(),
                                     [&](std::uint32_t i) { return blocks_[at][i].time >= time; })];
    }
    /// The time of the one behind the first; the end of time where there is none.
    [[nodiscard]] timestamp second_time() const noexcept {
        if (size_ < 2) return timestamp::max();
        return blocks_.front().size() > 1 ? blocks_.front()[1].time : blocks_[1].front().time;
    }

    template <class F>
    void for_each(F&& f) const {
        for (std::uint32_t at = 0; at < blocks_.size(); ++at)
            for (std::uint32_t i = 0; i < blocks_[at].size(); ++i) f(blocks_[at][i]);
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
            for (std::uint32_t at = 0; at < blocks_.size(); ++at)
                for (std::uint32_t i = 0; i < blocks_[at].size(); ++i) ar(blocks_[at][i]);
        }
    }

private:
    /// The first of `count` numbers for which it is so; `count` where it is for none.
    template <class IsSo>
    [[nodiscard]] static std::uint32_t first_of(std::uint32_t count, IsSo&& is_so) noexcept {
        std::uint32_t at = 0;
        while (count > 0) {
            const std::uint32_t half = count / 2;
            if (is_so(at + half)) {
                count = half;
            } else {
                at += half + 1;
                count -= half + 1;
            }
        }
        return at;
    }
    /// The first block with a row that is later; else how many there are.
    [[nodiscard]] std::uint32_t block_behind(timestamp time) const noexcept {
        if (empty() || back().time <= time) return blocks_.size();
        return first_of(blocks_.size(),
                        [&](std::uint32_t i) { return blocks_[i].back().time > time; });
    }
    [[nodiscard]] static std::uint32_t row_behind(const block& in, timestamp time) noexcept {
        return first_of(in.size(), [&](std::uint32_t i) { return in[i].time > time; });
    }

    Row& append(Row row) {
        if (blocks_.empty()) blocks_.push_back({});
        if (blocks_.back().size() < block_size) return blocks_.back().push_back(std::move(row));
        block next;
        Row& added = next.push_back(std::move(row));
        blocks_.push_back(std::move(next));
        return added;
    }
    Row& insert_into(std::uint32_t at, Row row) {
        if (blocks_[at].size() == block_size) {
            block half;
            half.reserve(block_size);
            blocks_.insert(at + 1, std::move(half));  // from here on nothing throws
            for (std::uint32_t i = 0; i != block_size / 2; ++i) {
                blocks_[at + 1].insert(0, std::move(blocks_[at].back()));
                blocks_[at].pop_back();
            }
            if (blocks_[at].back().time <= row.time) ++at;
        }
        block& to = blocks_[at];
        return to.insert(row_behind(to, row.time), std::move(row));
    }

    ring_buffer<block> blocks_;  // none is empty, unless it is the only one
    std::size_t size_ = 0;
};

}  // namespace millrace::detail
