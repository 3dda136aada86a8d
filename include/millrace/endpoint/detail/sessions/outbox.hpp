#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// What waits to be sent to one connection, in order, the frame that is being written included.
/// Pongs overtake data. The size counts each frame's bytes and `frame_overhead_bytes` on top, so
/// that a limit on it bounds the memory of a queue of tiny frames, too.
///
/// Every operation takes amortised constant time. Memory: none to speak of while it is empty; else
/// the frames and 16 bytes for each, 24 where frames are replaced, at most twice as many while it
/// grows.
class outbox {
public:
    static constexpr std::size_t frame_overhead_bytes = 64;

    enum class kind : std::uint8_t { data, control, pong };

    [[nodiscard]] bool empty() const noexcept { return first_ == queue_.size(); }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t frames() const noexcept { return queue_.size() - first_; }

    /// What the queue itself takes, without the frames.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return queue_.capacity() * sizeof(entry) + newest_.capacity() * sizeof(newest_[0]);
    }

    /// Its frames' memory, each divided among those who hold it. Takes linear time.
    [[nodiscard]] std::size_t shared_bytes() const noexcept {
        std::size_t all = 0;
        for (std::size_t i = first_; i != queue_.size(); ++i) all += queue_[i].bytes.shared_bytes();
        return all;
    }

    [[nodiscard]] static std::size_t cost(const websocket::frame& f) noexcept {
        return f.size() + frame_overhead_bytes;
    }

    /// Behind everything; `kind::control` is never dropped.
    void push(websocket::frame f, kind what = kind::data) {
        bytes_ += cost(f);
        queue_.push_back({std::move(f), 0, what});
        if (newest_.empty()) return;
        if (frames() <= newest_.size())
            add_to_index(queue_.size() - 1);
        else
            newest_ = {};
    }

    /// Puts `f` in the place of the last one of its subject of which nothing has been written,
    /// unless more than `max_bytes` would wait then. False if it is not put anywhere.
    bool replace(const websocket::frame& f, std::size_t max_bytes);

    /// A pong waits of which nothing has been written.
    [[nodiscard]] bool has_pong() const noexcept {
        const std::size_t at = unwritten();
        return at < queue_.size() && queue_[at].what == kind::pong;
    }

    /// In front of all that is not being written. It replaces a pong that waits: only the latest
    /// ping needs an answer (RFC 6455, section 5.5.3).
    void push_pong(websocket::frame f);

    /// Drops the oldest data frame of which nothing has been written. False if there is none.
    bool drop_oldest();

    /// Fills `out` with what is to be written first. Returns the parts filled.
    std::size_t gather(std::span<asio::const_buffer> out) const {
        const std::size_t count = std::min(out.size(), frames());
        for (std::size_t i = 0; i != count; ++i) {
            const auto bytes = queue_[first_ + i].bytes.bytes();
            out[i] = asio::const_buffer{bytes.data(), bytes.size()};
        }
        if (count != 0) out[0] += written_;
        return count;
    }

    /// Takes off the front what has been written.
    void written(std::size_t bytes) {
        written_ += bytes;
        while (!empty() && written_ >= queue_[first_].bytes.size()) {
            written_ -= queue_[first_].bytes.size();
            bytes_ -= cost(queue_[first_].bytes);
            pop();
        }
    }

private:
    struct entry {
        websocket::frame bytes;
        std::uint32_t older;  ///< the next of its chain, see `newest_`
        kind what;
    };

    /// The first of which nothing has been written.
    [[nodiscard]] std::size_t unwritten() const noexcept {
        return first_ + (written_ != 0 ? 1 : 0);
    }

    [[nodiscard]] static std::ptrdiff_t offset(std::size_t index) noexcept {
        return static_cast<std::ptrdiff_t>(index);
    }

    void pop() {
        queue_[first_++].bytes = {};
        if (empty()) {
            first_ = 0;
            queue_.clear();
            newest_ = {};
            if (queue_.capacity() > max_idle_entries) queue_ = {};
        } else if (first_ >= max_idle_entries && first_ * 2 >= queue_.size()) {
            queue_.erase(queue_.begin(), queue_.begin() + offset(first_));
            first_number_ += static_cast<std::uint32_t>(first_);
            first_ = 0;
        }
    }

    [[nodiscard]] std::uint32_t& newest_of(std::uint64_t subject) noexcept {
        const std::uint64_t mixed = subject * 0x9e3779b97f4a7c15u;
        return newest_[(mixed >> 32) & (newest_.size() - 1)];
    }

    void make_index();

    void add_to_index(std::size_t place);

    /// The last one of which nothing has been written; null for none.
    [[nodiscard]] entry* find(std::uint64_t subject);

    static constexpr std::size_t max_idle_entries = 64;

    std::vector<entry> queue_;  ///< [first_, end) waits
    /// The number of the newest of each chain of data whose subjects' hashes are alike, from newest
    /// to oldest; made by the first `replace` of a queue, and kept until it is empty.
    std::vector<std::uint32_t> newest_;
    std::uint32_t first_number_ = 0;  ///< of queue_[0]; they count on
    std::size_t first_ = 0;
    std::size_t written_ = 0;  ///< of the first frame
    std::size_t bytes_ = 0;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/sessions/outbox.ipp>
#endif
