#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace millrace::detail {

/// What waits to be sent to one consumer, in order, the message that is being written included.
/// Data may be dropped, control messages never, and one that is urgent overtakes all others. The
/// size counts each message's bytes and `message_overhead_bytes` on top, so that a limit on it
/// bounds the memory of a queue of tiny ones, too.
///
/// Every operation takes amortised constant time. Memory: the messages and 16 bytes for each, 24
/// where they are replaced, at most twice as many while it grows. Bursts reuse it; it is given back
/// when the outbox is empty again after no more than a quarter of what it is for.
/// @tparam Message a cheap copy of shared bytes: `bytes()`, `size()`, and `subject()`, which is not
/// 0 where only the last one of it is of interest
template <class Message>
class basic_outbox {
public:
    static constexpr std::size_t message_overhead_bytes = 64;

    enum class kind : std::uint8_t { data, control, urgent };

    [[nodiscard]] bool empty() const noexcept { return first_ == queue_.size(); }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t messages() const noexcept { return queue_.size() - first_; }

    /// What the queue itself takes, without the messages.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return queue_.capacity() * sizeof(entry) + newest_.capacity() * sizeof(newest_[0]);
    }

    /// Its messages' memory, each divided among those who hold it. Takes linear time.
    [[nodiscard]] std::size_t shared_bytes() const noexcept {
        std::size_t all = 0;
        for (std::size_t i = first_; i != queue_.size(); ++i) all += queue_[i].bytes.shared_bytes();
        return all;
    }

    [[nodiscard]] static std::size_t cost(const Message& m) noexcept {
        return m.size() + message_overhead_bytes;
    }

    /// Behind everything.
    void push(Message m, kind what = kind::data) {
        const std::size_t added = cost(m);
        queue_.push_back({std::move(m), 0, what});
        bytes_ += added;
        if (newest_.empty()) return;
        if (messages() <= newest_.size())
            add_to_index(queue_.size() - 1);
        else
            newest_.clear();
    }

    /// Puts `m` in the place of the last one of its subject of which nothing has been written,
    /// unless more than `max_bytes` would wait then. False if it is not put anywhere.
    bool replace(const Message& m, std::size_t max_bytes);

    /// An urgent message waits of which nothing has been written.
    [[nodiscard]] bool has_urgent() const noexcept {
        const std::size_t at = unwritten();
        return at < queue_.size() && queue_[at].what == kind::urgent;
    }

    /// In front of all that is not being written. It replaces an urgent one that waits: only the
    /// last one is of interest.
    void push_urgent(Message m);

    /// Drops the oldest message of data of which nothing has been written. False if there is none.
    bool drop_oldest();

    /// Drops the oldest until `bytes` more, counted as `cost` does, fit into `max_bytes`, or none
    /// may be dropped. Returns how many it dropped.
    std::size_t make_room(std::size_t bytes, std::size_t max_bytes) {
        std::size_t dropped = 0;
        while (bytes_ + bytes > max_bytes && drop_oldest()) ++dropped;
        return dropped;
    }

    /// Drops all that may be dropped. Returns how many.
    std::size_t drop_all() {
        std::size_t dropped = 0;
        while (drop_oldest()) ++dropped;
        return dropped;
    }

    /// Drops everything, control and what is being written included. Returns how much of it is
    /// data.
    std::size_t discard() noexcept {
        std::size_t dropped = 0;
        for (std::size_t i = first_; i != queue_.size(); ++i)
            if (queue_[i].what == kind::data) ++dropped;
        clear();
        return dropped;
    }

    /// Fills `out` with what is to be written first. Returns the parts filled.
    template <class Buffer>
    std::size_t gather(std::span<Buffer> out) const {
        const std::size_t count = std::min(out.size(), messages());
        for (std::size_t i = 0; i != count; ++i) {
            const auto bytes = queue_[first_ + i].bytes.bytes().substr(i == 0 ? written_ : 0);
            out[i] = Buffer{bytes.data(), bytes.size()};
        }
        return count;
    }

    /// Takes off the first, which there must be, whole.
    [[nodiscard]] Message take() {
        Message first = std::move(queue_[first_].bytes);
        bytes_ -= cost(first);
        pop();
        return first;
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
        Message bytes;
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

    void clear() noexcept {
        std::vector<entry>{}.swap(queue_);
        std::vector<std::uint32_t>{}.swap(newest_);
        first_ = longest_ = written_ = bytes_ = 0;
    }

    void pop() {
        queue_[first_++].bytes = {};
        if (empty()) {
            const std::size_t longest = std::max(std::exchange(longest_, 0), queue_.size());
            if (queue_.capacity() > std::max(max_idle_entries, 4 * longest)) return clear();
            first_ = 0;
            queue_.clear();
            newest_.clear();
        } else if (first_ >= max_idle_entries && first_ * 2 >= queue_.size()) {
            longest_ = std::max(longest_, queue_.size());
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
    std::size_t longest_ = 0;  ///< that `queue_` was before what was written was taken out of it
    std::size_t written_ = 0;  ///< of the first message
    std::size_t bytes_ = 0;
};

template <class Message>
bool basic_outbox<Message>::replace(const Message& m, std::size_t max_bytes) {
    if (newest_.size() < messages()) make_index();
    entry* const found = find(m.subject());
    if (found == nullptr) return false;
    const std::size_t bytes = bytes_ - cost(found->bytes) + cost(m);
    if (bytes > max_bytes) return false;
    bytes_ = bytes;
    found->bytes = m;
    return true;
}

template <class Message>
void basic_outbox<Message>::push_urgent(Message m) {
    const std::size_t at = unwritten();
    if (at < queue_.size() && queue_[at].what == kind::urgent) {
        bytes_ += cost(m) - cost(queue_[at].bytes);
        queue_[at].bytes = std::move(m);
        return;
    }
    bytes_ += cost(m);
    entry urgent{std::move(m), 0, kind::urgent};
    if (first_ != 0) {
        std::move(queue_.begin() + offset(first_), queue_.begin() + offset(at),
                  queue_.begin() + offset(first_ - 1));
        --first_;
        queue_[at - 1] = std::move(urgent);
    } else {
        queue_.insert(queue_.begin() + offset(at), std::move(urgent));
        --first_number_;
    }
}

template <class Message>
bool basic_outbox<Message>::drop_oldest() {
    const auto from = queue_.begin() + offset(unwritten());
    if (from > queue_.end()) return false;
    const auto oldest =
        std::find_if(from, queue_.end(), [](const entry& e) { return e.what == kind::data; });
    if (oldest == queue_.end()) return false;
    bytes_ -= cost(oldest->bytes);
    std::move_backward(queue_.begin() + offset(first_), oldest, oldest + 1);
    pop();
    return true;
}

template <class Message>
void basic_outbox<Message>::make_index() {
    newest_.assign(std::bit_ceil(std::max(messages(), max_idle_entries)), first_number_ - 1);
    for (std::size_t i = unwritten(); i < queue_.size(); ++i) add_to_index(i);
}

template <class Message>
void basic_outbox<Message>::add_to_index(std::size_t place) {
    entry& added = queue_[place];
    if (added.what != kind::data || added.bytes.subject() == 0) return;
    std::uint32_t& newest = newest_of(added.bytes.subject());
    added.older = std::exchange(newest, first_number_ + static_cast<std::uint32_t>(place));
}

template <class Message>
typename basic_outbox<Message>::entry* basic_outbox<Message>::find(std::uint64_t subject) {
    if (queue_.empty()) return nullptr;
    std::uint32_t number = newest_of(subject);
    for (std::size_t behind = queue_.size();;) {
        // Those that are gone are not taken out of their chain, which ends at the first number
        // that is not of an older one that waits.
        const std::size_t place = static_cast<std::uint32_t>(number - first_number_);
        if (place < unwritten() || place >= behind) return nullptr;
        entry& at = queue_[place];
        if (at.what == kind::data && at.bytes.subject() == subject) return &at;
        behind = place;
        number = at.older;
    }
}

}  // namespace millrace::detail
