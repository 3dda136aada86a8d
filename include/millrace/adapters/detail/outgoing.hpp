#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/adapters/foreign_peer.hpp>
#include <millrace/publish/detail/bounded_outbox.hpp>
#include <millrace/publish/overflow.hpp>

namespace millrace::detail {

/// A text message on its way to another server's connections, which share it.
struct outgoing_text {
    std::shared_ptr<const std::string> text;
    std::uint64_t about = 0;

    [[nodiscard]] std::string_view bytes() const noexcept { return *text; }
    [[nodiscard]] std::size_t size() const noexcept { return text->size(); }
    [[nodiscard]] std::uint64_t subject() const noexcept { return about; }
};

/// What waits in front of the buffer that another server has for a connection, and how it ends. It
/// is filled in the pipeline's thread and emptied in the connection's; no lock is held for longer
/// than a message is queued.
class outgoing_queue {
public:
    explicit outgoing_queue(std::size_t max_bytes) : texts_{outbox_limits::of(max_bytes)} {}

    /// As `bounded_outbox::offer`; who has ended or is gone takes nothing.
    offer_result offer(outgoing_text next, overflow_policy when_full) {
        const auto flush = [this] {
            return is_server_full_ ? flush_result::written : flush_result::deferred;
        };
        const std::lock_guard lock{mutex_};
        if (!is_open_) return {offer_result::fate::gone};
        return texts_.offer(std::move(next), when_full, flush, std::identity{});
    }

    /// Has the connection closed behind what waits. The reason is a literal. False if it is
    /// already.
    bool end(std::uint16_t code, std::string_view reason) {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(is_open_, false)) return false;
        end_code_ = code;
        end_reason_ = reason;
        return true;
    }

    /// Drops all that waits. Returns how many messages.
    std::size_t drop_all() {
        const std::lock_guard lock{mutex_};
        return texts_.drop_all();
    }

    /// The peer is gone. Returns how many messages waited for it.
    std::size_t abandon() {
        const std::lock_guard lock{mutex_};
        is_open_ = false;
        return texts_.discard();
    }

    /// In the connection's thread: gives the server messages until its buffer holds `max_buffered`
    /// bytes, and then the end.
    template <foreign_peer Peer>
    void send_to(Peer& peer, std::size_t max_buffered) {
        std::unique_lock lock{mutex_};
        while (!texts_.empty() && peer.buffered_bytes() < max_buffered) {
            const outgoing_text next = texts_.take();
            lock.unlock();
            peer.send(next.text);
            lock.lock();
        }
        texts_.relieve();
        is_server_full_ = !texts_.empty();
        if (is_server_full_) {
            lock.unlock();
            return peer.wait_for_room();
        }
        const std::string_view reason = std::exchange(end_reason_, {});
        const std::uint16_t code = end_code_;
        lock.unlock();
        if (!reason.empty()) peer.close(code, reason);
    }

private:
    std::mutex mutex_;
    bounded_outbox<outgoing_text> texts_;
    std::string_view end_reason_{};
    std::uint16_t end_code_ = 0;
    bool is_open_ = true;
    bool is_server_full_ = false;
};

}  // namespace millrace::detail
