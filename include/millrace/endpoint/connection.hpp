#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/endpoint/detail/loop.hpp>
#include <millrace/endpoint/frame.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/outbox.hpp>
#include <millrace/endpoint/topic.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/request_target.hpp>

namespace millrace {

/// One WebSocket connection, as handlers see it. It belongs to the thread that runs its endpoint,
/// and lives until its `on_close` returns; nothing else may be called from elsewhere or later.
class connection : public detail::flushable,
                   public subscriber,
                   public std::enable_shared_from_this<connection> {
public:
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Queues a text message, which must be valid UTF-8. Where the outbox is full, what happens is
    /// `endpoint_options::when_full`. False if the message will not be sent, because the connection
    /// closes or because it is larger than the outbox.
    bool send(std::string_view text) { return send_payload(websocket::opcode::text, text); }

    /// Likewise, a binary message.
    bool send_binary(std::string_view bytes) {
        return send_payload(websocket::opcode::binary, bytes);
    }

    /// Sends a close frame behind what is queued and waits for the peer's, at most for the
    /// `close_timeout`. No message is received or sent after it. The reason is cut to 123 bytes.
    void close(websocket::close_code code = websocket::close_code::normal,
               std::string_view reason = {}) {
        if (!is_open_) return;
        is_open_ = false;
        outbox_.push(
            loop_->frames.make(websocket::opcode::close, websocket::close_payload(code, reason)),
            outbox::kind::control);
        schedule();
    }

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// Bytes queued and not yet taken by the system, with 64 for each frame.
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return outbox_.size_bytes(); }

    /// Different for each connection of an endpoint.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    /// What the client asked for: path and query.
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    /// A parameter of the query, decoded.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const {
        const auto parsed = websocket::request_target::parse(target_);
        return parsed ? parsed->query(name) : std::nullopt;
    }

    [[nodiscard]] const std::string& remote_address() const noexcept { return remote_address_; }

    /// For topics and replies: frames made once, also for several connections.
    bool deliver(const frame& message) final {
        if (!is_open_) return false;
        const std::size_t cost = outbox::cost(message);
        if (outbox_.size_bytes() + cost > options_.outbox_bytes && !make_room(cost)) return false;
        outbox_.push(message);
        ++loop_->counters.frames_out;
        schedule();
        return true;
    }

    /// Subscribes until the connection closes.
    void follow(topic& to, std::optional<std::string> key) {
        subscriptions_.push_back(to.subscribe(*this, std::move(key)));
    }

    [[nodiscard]] frame_pool& frames() noexcept { return loop_->frames; }
    [[nodiscard]] const endpoint_options& options() const noexcept { return options_; }

protected:
    connection(std::shared_ptr<detail::loop> loop, const endpoint_options& options,
               std::uint64_t id, std::string remote_address)
        : loop_{std::move(loop)},
          options_{options},
          id_{id},
          remote_address_{std::move(remote_address)} {}

    void schedule() {
        if (std::exchange(is_scheduled_, true)) return;
        loop_->schedule(shared_from_this());
    }

    /// Writes as much as the system takes now, and does nothing else.
    virtual void write_out() = 0;

    std::shared_ptr<detail::loop> loop_;
    const endpoint_options& options_;
    outbox outbox_;
    std::string target_;
    bool is_open_ = false;  ///< from the upgrade until a close is sent or received
    bool is_scheduled_ = false;
    std::vector<std::unique_ptr<subscription>> subscriptions_;

private:
    bool send_payload(websocket::opcode op, std::string_view payload) {
        return is_open_ && deliver(loop_->frames.make(op, payload));
    }

    bool make_room(std::size_t bytes) {
        write_out();
        if (!is_open_) return false;
        const auto fits = [&] { return outbox_.size_bytes() + bytes <= options_.outbox_bytes; };
        if (fits()) return true;
        if (options_.when_full == overflow::disconnect) {
            while (outbox_.drop_oldest()) ++loop_->counters.frames_dropped;
            ++loop_->counters.slow_disconnects;
            close(websocket::close_code::try_again_later, "too slow");
            return false;
        }
        while (!fits() && outbox_.drop_oldest()) ++loop_->counters.frames_dropped;
        if (!fits()) ++loop_->counters.frames_dropped;
        return fits();
    }

    std::uint64_t id_;
    std::string remote_address_;
};

}  // namespace millrace
