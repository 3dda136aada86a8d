#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/adapters/detail/pipeline_host.hpp>
#include <millrace/codec/detail/error_reply.hpp>
#include <millrace/publish/detail/bounded_outbox.hpp>

namespace millrace {

/// What millrace asks of another server's connection. `wake` may be called from any thread, and has
/// `foreign_connection::on_wake` called in the connection's own, soon or at once; all else is
/// called there, and nothing of it may call the connection before it returns.
///
/// | member                    | meaning                                                         |
/// |---------------------------|-----------------------------------------------------------------|
/// | `wake()`                  | see above                                                       |
/// | `buffered_bytes()`        | of messages that the server was given and has not sent          |
/// | `send(text)`              | a text message, a `std::shared_ptr<const std::string>`          |
/// | `wait_for_room()`         | has `on_wake` called when `buffered_bytes` may have become less |
/// | `pause()`, `resume()`     | take nothing out of the socket; go on                           |
/// | `close(code, reason)`     | sends a close frame                                             |
/// | `owner()`                 | a `std::shared_ptr<void>` that keeps it while it is not read    |
template <class P>
concept foreign_peer = requires(P& peer, std::shared_ptr<const std::string> text) {
    peer.wake();
    { peer.buffered_bytes() } -> std::convertible_to<std::size_t>;
    peer.send(std::move(text));
    peer.wait_for_room();
    peer.pause();
    peer.resume();
    peer.close(std::uint16_t{}, std::string_view{});
    { peer.owner() } -> std::convertible_to<std::shared_ptr<void>>;
};

/// One connection of another server, at a hosted pipeline: it sends events, or follows topics.
///
/// `open`, `receive`, `refuse_binary`, `on_wake` and `close` are to be called in the connection's
/// own thread (or strand); the pipeline gives it records in its own, and takes no lock for longer
/// than a message is queued. Follow its end by `close`, exactly once.
/// Memory: what waits, up to `hosted_options::outbox_bytes` and `inbox_bytes`.
template <foreign_peer Peer>
class foreign_connection final : public detail::hosted_connection,
                                 public std::enable_shared_from_this<foreign_connection<Peer>> {
    using place = detail::pipeline_host::place;

public:
    foreign_connection(std::shared_ptr<detail::pipeline_host> host, place what, Peer peer)
        : host_{std::move(host)},
          place_{std::move(what)},
          peer_{std::move(peer)},
          id_{host_->next_id()} {}

    /// Begins to follow.
    void open() {
        in_pipeline([](foreign_connection& self) {
            if (self.host_->is_ended()) return;
            self.host_->enter(self.shared_from_this());
            for (const auto& each : self.place_.followed)
                self.following_.push_back(each.of->subscribe(self, each.key));
        });
    }

    /// Takes a text message: events. It may be changed, and the byte behind it must be writable.
    void receive(std::span<char> message) {
        if (!place_.input) return peer_.close(1003, "this path takes no messages");
        if (host_->is_here()) return take(message);
        const std::size_t bytes = message.size() + sizeof(std::string);
        const std::size_t waiting = inbox_bytes_.fetch_add(bytes) + bytes;
        in_pipeline(
            [text = std::string{message.data(), message.size()}, bytes,
             owner = std::shared_ptr<void>{peer_.owner()}](foreign_connection& self) mutable {
                self.take(text);
                const std::size_t before = self.inbox_bytes_.fetch_sub(bytes);
                const std::size_t low = self.low_inbox();
                if (before > low && before - bytes <= low) self.wake();
            });
        if (waiting > host_->options().inbox_bytes && !std::exchange(is_paused_, true))
            peer_.pause();
    }

    void refuse_binary() { peer_.close(1003, "events are text messages"); }

    /// Gives the server what it takes.
    void on_wake() {
        is_woken_ = false;
        if (is_paused_ && inbox_bytes_ <= low_inbox()) {
            is_paused_ = false;
            peer_.resume();
        }
        std::unique_lock lock{mutex_};
        while (!outbox_.empty() && peer_.buffered_bytes() < host_->options().server_buffer_bytes) {
            const outgoing next = outbox_.take();
            lock.unlock();
            peer_.send(next.text);
            lock.lock();
        }
        outbox_.relieve();
        is_server_full_ = !outbox_.empty();
        if (is_server_full_) {
            lock.unlock();
            return peer_.wait_for_room();
        }
        const std::string_view reason = std::exchange(end_reason_, {});
        const std::uint16_t code = end_code_;
        lock.unlock();
        if (!reason.empty()) peer_.close(code, reason);
    }

    /// The peer is gone.
    void close() {
        std::size_t unsent = 0;
        {
            const std::lock_guard lock{mutex_};
            is_open_ = false;
            unsent = outbox_.discard();
        }
        in_pipeline([unsent](foreign_connection& self) {
            self.host_->stats().unsent += unsent;
            self.unfollow();
            if (self.place_.input && !self.host_->is_ended())
                self.host_->contain([&] { self.host_->leave(*self.place_.input, self.id_); });
            self.host_->forget(self);
        });
    }

private:
    /// Shared by all who follow.
    struct outgoing {
        std::shared_ptr<const std::string> text;
        std::uint64_t about = 0;

        [[nodiscard]] std::string_view bytes() const noexcept { return *text; }
        [[nodiscard]] std::size_t size() const noexcept { return text->size(); }
        [[nodiscard]] std::uint64_t subject() const noexcept { return about; }
    };
    using outbox = detail::bounded_outbox<outgoing>;

    /// Calls `f(*this)` in the pipeline's thread, at once if this is it, unless that has ended.
    template <class Function>
    void in_pipeline(Function f) {
        host_->post([self = this->shared_from_this(), f = std::move(f)]() mutable { f(*self); });
    }

    void take(std::span<char> message) {
        if (host_->is_ended() || is_refused_) return;
        std::size_t replies_left = host_->options().max_errors_per_message;
        const auto reply = [&](const input_error& error) {
            // The last one, which says how much is lost, is always told.
            if (replies_left == 0 && error.unread_bytes == 0) return;
            if (replies_left != 0) --replies_left;
            std::string text;
            detail::append_error_reply(text, error);
            queue({std::make_shared<const std::string>(std::move(text))},
                  host_->options().when_full.otherwise);
        };
        if (!host_->contain([&] { host_->receive(*place_.input, message, reply, id_); }, id_)) {
            is_refused_ = true;
            drop_and_end(1011, "internal error");
        }
    }

    bool deliver(const payload& record, overflow_policy when_full) override {
        using shared_text = std::shared_ptr<const std::string>;
        const auto& text = record.as<shared_text>(
            [](const payload& of) { return std::make_shared<const std::string>(of.bytes()); });
        return queue({text, record.subject()}, when_full);
    }

    bool queue(outgoing next, overflow_policy when_full) {
        detail::offer_result result;
        {
            const std::lock_guard lock{mutex_};
            if (!is_open_) return false;
            result = outbox_.offer(
                std::move(next), when_full,
                [this] {
                    return is_server_full_ ? detail::flush_result::written
                                           : detail::flush_result::deferred;
                },
                std::identity{});
        }
        host_->stats().dropped += result.dropped;
        if (result.is_first_loss)
            host_->tell(log_severity::warning, log_event::slow_consumer, id_,
                        "messages are dropped: it reads too slowly");
        if (result.what == detail::offer_result::fate::too_slow) lose();
        if (result.is_sent()) wake();
        return result.is_sent();
    }

    void lose() override {
        ++host_->stats().slow_disconnects;
        host_->tell(log_severity::warning, log_event::slow_consumer, id_,
                    "closed: it reads too slowly");
        drop_and_end(1013, "too slow");
    }

    void drop_and_end(std::uint16_t code, std::string_view reason) {
        {
            const std::lock_guard lock{mutex_};
            host_->stats().dropped += outbox_.drop_all();
        }
        end(code, reason);
    }

    void end(std::uint16_t code, std::string_view reason) override {
        {
            const std::lock_guard lock{mutex_};
            if (!std::exchange(is_open_, false)) return;
            end_code_ = code;
            end_reason_ = reason;
        }
        wake();
    }

    void wake() {
        if (!is_woken_.exchange(true)) peer_.wake();
    }

    void unfollow() noexcept override { following_.clear(); }

    [[nodiscard]] std::size_t low_inbox() const noexcept {
        return host_->options().inbox_bytes / 2;
    }

    const std::shared_ptr<detail::pipeline_host> host_;
    const place place_;
    Peer peer_;
    const std::uint64_t id_;
    std::vector<std::unique_ptr<detail::subscription>> following_;  ///< the pipeline's thread's
    bool is_paused_ = false;                                        ///< the connection's
    std::atomic<std::size_t> inbox_bytes_{0};
    std::atomic<bool> is_woken_{false};
    std::mutex mutex_;  ///< of what follows
    outbox outbox_{detail::outbox_limits::of(host_->options().outbox_bytes)};
    std::string_view end_reason_{};
    std::uint16_t end_code_ = 0;
    bool is_open_ = true;
    bool is_server_full_ = false;
    bool is_refused_ = false;  ///< the pipeline threw at one of its events
};

/// A connection that follows or feeds `streams`, as `target` says, such as "/bars?key=ACME"; null
/// where that is none of its paths.
template <class Hosted, foreign_peer Peer>
[[nodiscard]] std::shared_ptr<foreign_connection<Peer>> make_foreign_connection(
    Hosted& streams, std::string_view target, Peer peer) {
    auto found = streams.host()->find(target);
    if (!found) return nullptr;
    return std::make_shared<foreign_connection<Peer>>(streams.host(), *std::move(found),
                                                      std::move(peer));
}

}  // namespace millrace
