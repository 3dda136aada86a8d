#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/adapters/detail/outgoing.hpp>
#include <millrace/adapters/detail/pipeline_host.hpp>
#include <millrace/adapters/foreign_peer.hpp>
#include <millrace/codec/detail/error_reply.hpp>
#include <millrace/codec/detail/reply_limit.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/payload.hpp>
#include <millrace/publish/topic.hpp>

namespace millrace {

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
        outgoing_.send_to(peer_, host_->options().server_buffer_bytes);
    }

    /// The peer is gone.
    void close() {
        const std::size_t unsent = outgoing_.abandon();
        in_pipeline([unsent](foreign_connection& self) {
            self.host_->stats().unsent += unsent;
            self.unfollow();
            if (self.place_.input && !self.host_->is_ended())
                self.host_->contain([&] { self.host_->leave(*self.place_.input, self.id_); });
            self.host_->forget(self);
        });
    }

private:
    /// Calls `f(*this)` in the pipeline's thread, at once if this is it, unless that has ended.
    template <class Function>
    void in_pipeline(Function f) {
        host_->post([self = this->shared_from_this(), f = std::move(f)]() mutable { f(*self); });
    }

    void take(std::span<char> message) {
        if (host_->is_ended() || is_refused_) return;
        detail::reply_limit limit{host_->options().max_errors_per_message};
        const auto reply = [&](const input_error& error) {
            if (!limit.takes(error)) return;
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

    bool queue(detail::outgoing_text next, overflow_policy when_full) {
        const auto result = outgoing_.offer(std::move(next), when_full);
        host_->stats().dropped += result.dropped;
        if (result.is_first_loss) tell_slow("messages are dropped: it reads too slowly");
        if (result.what == detail::offer_result::fate::too_slow) lose();
        if (result.is_sent()) wake();
        return result.is_sent();
    }

    void lose() override {
        ++host_->stats().slow_disconnects;
        tell_slow("closed: it reads too slowly");
        drop_and_end(1013, "too slow");
    }

    void tell_slow(std::string_view what) {
        host_->tell(log_severity::warning, log_event::slow_consumer, id_, what);
    }

    void drop_and_end(std::uint16_t code, std::string_view reason) {
        host_->stats().dropped += outgoing_.drop_all();
        end(code, reason);
    }

    void end(std::uint16_t code, std::string_view reason) override {
        if (outgoing_.end(code, reason)) wake();
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
    detail::outgoing_queue outgoing_{host_->options().outbox_bytes};
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
