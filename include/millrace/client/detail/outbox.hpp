#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory_resource>
#include <span>
#include <string_view>
#include <utility>

#include <asio/buffer.hpp>

#include <millrace/client/options.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// What a client has to send, in order, as masked frames. Messages wait here from one connection to
/// the next; what belongs to one connection, greetings and control frames, goes with it. A frame of
/// which the system has taken any part is never sent again: a message arrives once or not at all.
///
/// Compressed messages refer to those that were compressed before them, on the same connection. So
/// what is compressed is neither dropped nor overtaken by another message while that connection
/// stands; what of it was not sent waits, as it was, for the next one. To leave something to drop,
/// no more is compressed ahead than half of what may wait, or one message.
class client_outbox {
public:
    static constexpr std::size_t frame_overhead_bytes = 64;

    enum class kind { message, greeting, ping, pong, close };

    client_outbox(std::size_t max_bytes, full_outbox when_full)
        : max_bytes_{max_bytes}, when_full_{when_full} {}

    /// A connection is open: greetings now go ahead of what waits.
    void open() { is_open_ = true; }

    /// The connection is gone, with what was only for it.
    void lost();

    /// Nothing will be sent any more.
    void discard();

    /// A message goes behind everything, a greeting behind the greetings. False if it is not taken.
    /// Greetings have as much room as messages, of their own: what has waited keeps none away.
    [[nodiscard]] bool push(websocket::frame bytes, kind what);

    /// Behind everything: what is pushed later waits for the next connection.
    void push_close(websocket::frame bytes) { insert(queue_.end(), std::move(bytes), kind::close); }

    /// A control frame, in front of all that is not being written. It replaces one of its kind that
    /// waits there: only the latest ping needs an answer (RFC 6455, section 5.5.3).
    void overtake(websocket::frame bytes, kind what);

    /// Compresses what is to be written first, at most `count` frames, by `compress(const frame&)`,
    /// which gives the same frame back where that does not pay. It is asked once for each message
    /// and connection, in the order in which they are sent. Returns the frames that are ready.
    template <class Compress>
    [[nodiscard]] std::size_t prepare(std::size_t count, Compress&& compress) {
        if (!is_open_) return 0;
        std::size_t ready = 0, bytes = 0;
        for (count = std::min(count, queue_.size()); ready != count; ++ready) {
            entry& next = queue_[ready];
            bytes += cost(next.bytes);
            if (next.what == kind::close) return ready + 1;
            if (is_control(next.what) || next.is_prepared) continue;
            if (ready != 0 && bytes > std::min(max_bytes_ / 2, max_prepared_bytes)) break;
            websocket::frame compressed = compress(std::as_const(next.bytes));
            const bool pays = compressed.bytes().data() != next.bytes.bytes().data();
            if (pays) next.compressed = std::move(compressed);
            next.is_prepared = true;
        }
        return ready;
    }

    /// Fills `out` with what is to be written first, nothing behind a close frame. Returns the
    /// parts filled.
    [[nodiscard]] std::size_t gather(std::span<asio::const_buffer> out) const;

    /// Takes off the front what has been written.
    void written(std::size_t bytes);

    [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t messages_written() const noexcept { return messages_; }
    [[nodiscard]] std::uint64_t messages_dropped() const noexcept { return dropped_; }

private:
    struct entry {
        websocket::frame bytes;
        kind what;
        websocket::frame compressed{};  ///< for this connection, if that pays
        bool is_prepared = false;       ///< compressed, or found not to pay

        [[nodiscard]] std::string_view to_write() const noexcept {
            return is_compressed() ? compressed.bytes() : bytes.bytes();
        }
        [[nodiscard]] bool is_compressed() const noexcept { return compressed.size() != 0; }
    };
    using iterator = std::pmr::deque<entry>::iterator;

    /// What is prepared keeps its first form, so this is held twice.
    static constexpr std::size_t max_prepared_bytes = 64 * 1024;

    [[nodiscard]] static std::size_t cost(const websocket::frame& bytes) noexcept {
        return bytes.size() + frame_overhead_bytes;
    }
    [[nodiscard]] static bool is_control(kind what) noexcept {
        return what != kind::message && what != kind::greeting;
    }
    [[nodiscard]] static bool may_drop(const entry& each) noexcept {
        return each.what == kind::message && !each.is_compressed();
    }

    /// The first frame of which nothing has been written.
    [[nodiscard]] iterator front() noexcept { return queue_.begin() + (written_ != 0 ? 1 : 0); }

    [[nodiscard]] iterator behind_greetings() noexcept;

    void insert(iterator at, websocket::frame bytes, kind what);

    void release(const entry& gone);

    void forget(const entry& dropped);

    iterator drop(iterator at);

    /// Drops the oldest messages, if so there is room in the end.
    [[nodiscard]] bool make_room(std::size_t bytes);

    std::pmr::unsynchronized_pool_resource memory_;
    std::pmr::deque<entry> queue_{&memory_};
    std::size_t max_bytes_;
    full_outbox when_full_;
    std::size_t bytes_ = 0;
    std::size_t greeting_bytes_ = 0;  ///< of `bytes_`
    std::size_t written_ = 0;         ///< of the first frame
    std::uint64_t messages_ = 0;
    std::uint64_t dropped_ = 0;
    bool is_open_ = false;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/client/detail/outbox.ipp>
#endif
