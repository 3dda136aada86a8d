#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <asio/buffer.hpp>

#include <millrace/endpoint/client_options.hpp>

namespace millrace::detail {

/// What a client has to send, in order, as masked frames. Messages wait here from one connection to
/// the next; what belongs to one connection, greetings and control frames, goes with it. A frame of
/// which the system has taken any part is never sent again: a message arrives once or not at all.
class client_outbox {
public:
    static constexpr std::size_t frame_overhead_bytes = 64;

    enum class kind { message, greeting, ping, pong, close };

    client_outbox(std::size_t max_bytes, full_outbox when_full)
        : max_bytes_{max_bytes}, when_full_{when_full} {}

    /// A connection is open: greetings now go ahead of what waits.
    void open() {
        is_open_ = true;
        greetings_ = 0;
    }

    /// The connection is gone, with what was only for it.
    void lost() {
        is_open_ = false;
        if (std::exchange(written_, 0) != 0) drop(queue_.begin());
        for (auto at = queue_.begin(); at != queue_.end();)
            at = at->what == kind::message ? at + 1 : drop(at);
    }

    /// Nothing will be sent any more.
    void discard() {
        lost();
        while (!queue_.empty()) drop(queue_.begin());
    }

    /// A message goes behind everything, a greeting behind the greetings. False if it is not taken.
    [[nodiscard]] bool push(std::string frame, kind what) {
        if (!make_room(cost(frame))) return false;
        insert(what == kind::greeting ? greetings_++ : queue_.size(), std::move(frame), what);
        return true;
    }

    /// Behind everything: what is pushed later waits for the next connection.
    void push_close(std::string frame) { insert(queue_.size(), std::move(frame), kind::close); }

    /// A control frame, in front of all that is not being written. A pong replaces one that waits
    /// there: only the latest ping needs an answer (RFC 6455, section 5.5.3).
    void overtake(std::string frame, kind what) {
        const std::size_t at = front();
        if (at < queue_.size() && queue_[at].what == what) drop(queue_.begin() + offset(at));
        insert(at, std::move(frame), what);
    }

    /// Fills `out` with what is to be written first, nothing behind a close frame. Returns the
    /// parts filled.
    [[nodiscard]] std::size_t gather(std::span<asio::const_buffer> out) const {
        if (!is_open_) return 0;
        std::size_t count = 0;
        while (count != std::min(out.size(), queue_.size())) {
            const auto& next = queue_[count];
            out[count++] = asio::buffer(next.frame);
            if (next.what == kind::close) break;
        }
        if (count != 0) out[0] += written_;
        return count;
    }

    /// Takes off the front what has been written.
    void written(std::size_t bytes) {
        written_ += bytes;
        while (!queue_.empty() && written_ >= queue_.front().frame.size()) {
            const entry& done = queue_.front();
            written_ -= done.frame.size();
            bytes_ -= cost(done.frame);
            if (done.what == kind::message || done.what == kind::greeting) ++messages_;
            if (done.what == kind::close) is_open_ = false;
            queue_.pop_front();
        }
    }

    [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t messages_written() const noexcept { return messages_; }
    [[nodiscard]] std::uint64_t messages_dropped() const noexcept { return dropped_; }

private:
    struct entry {
        std::string frame;
        kind what;
    };
    using iterator = std::deque<entry>::iterator;

    [[nodiscard]] static std::size_t cost(std::string_view frame) noexcept {
        return frame.size() + frame_overhead_bytes;
    }
    [[nodiscard]] static std::ptrdiff_t offset(std::size_t index) noexcept {
        return static_cast<std::ptrdiff_t>(index);
    }

    /// The first frame of which nothing has been written.
    [[nodiscard]] std::size_t front() const noexcept { return written_ != 0 ? 1 : 0; }

    void insert(std::size_t at, std::string frame, kind what) {
        bytes_ += cost(frame);
        queue_.insert(queue_.begin() + offset(at), {std::move(frame), what});
    }

    iterator drop(iterator at) {
        bytes_ -= cost(at->frame);
        if (at->what == kind::message || at->what == kind::greeting) ++dropped_;
        return queue_.erase(at);
    }

    [[nodiscard]] bool make_room(std::size_t bytes) {
        if (bytes > max_bytes_) return false;
        while (bytes_ + bytes > max_bytes_) {
            if (when_full_ == full_outbox::refuse) return false;
            const auto oldest =
                std::find_if(queue_.begin() + offset(front()), queue_.end(),
                             [](const entry& each) { return each.what == kind::message; });
            if (oldest == queue_.end()) return false;
            drop(oldest);
        }
        return true;
    }

    std::deque<entry> queue_;
    std::size_t max_bytes_;
    full_outbox when_full_;
    std::size_t bytes_ = 0;
    std::size_t written_ = 0;    ///< of the first frame
    std::size_t greetings_ = 0;  ///< at the front, while a connection opens
    std::uint64_t messages_ = 0;
    std::uint64_t dropped_ = 0;
    bool is_open_ = false;
};

}  // namespace millrace::detail
