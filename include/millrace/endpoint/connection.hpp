#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/detail/sessions/outbox.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request_target.hpp>
#include <millrace/publish/topic.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// One WebSocket connection, as handlers see it. It belongs to the thread in which they are called,
/// and lives until its `on_close` returns; nothing of it may be called from elsewhere or later.
class connection : public detail::flushable,
                   public detail::subscriber,
                   public std::enable_shared_from_this<connection> {
public:
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Queues a text message, which must be valid UTF-8. Where the outbox is full, what happens is
    /// `endpoint_options::when_full`. False if the message will not be sent, because the connection
    /// closes or because it is larger than the outbox.
    bool send(std::string_view text) { return queue(websocket::opcode::text, text); }

    /// Likewise, a binary message.
    bool send_binary(std::string_view bytes) { return queue(websocket::opcode::binary, bytes); }

    /// Likewise, a text message that `append(std::string&)` appends, without a copy.
    template <class Append>
    bool reply(Append&& append) {
        return is_open_ &&
               queue(loop_->frames.make_with(websocket::opcode::text, std::forward<Append>(append)),
                     options_.when_full);
    }

    /// Sends a close frame behind what is queued and waits for the peer's, at most for the
    /// `close_timeout`. No message is received or sent after it. The reason is cut to 123 bytes.
    void close(websocket::close_code code = websocket::close_code::normal,
               std::string_view reason = {});

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// The one that was sent or received first; 1006 for none so far (RFC 6455, section 7.1.5).
    [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }

    /// Takes nothing more out of the socket until `resume_reading`, so that in the end the sender
    /// has to wait. A connection that is paused does not time out for its silence, but for
    /// not being resumed: `endpoint_options::pause_timeout`.
    void pause_reading() noexcept {
        if (!std::exchange(is_paused_, true)) pause_changed_at_ = loop_->now;
    }

    void resume_reading();

    /// Bytes queued and not yet taken by the system, with 64 for each frame.
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return outbox_.size_bytes(); }

    /// More than `endpoint_options::outbox_high_water` was queued, and it is still more than the
    /// low.
    [[nodiscard]] bool is_congested() const noexcept { return outbox_.is_congested(); }

    /// Different for each connection of an endpoint.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    /// What the client asked for: path and query.
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    /// A parameter of the query, decoded.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;

    /// The client's, where a trusted proxy names it; else the peer's.
    [[nodiscard]] const std::string& remote_address() const noexcept { return remote_address_; }

    /// Who it is, as the guard says, or else the subject of its certificate; empty for nobody.
    [[nodiscard]] const std::string& principal() const noexcept { return principal_; }

    /// The one that was agreed on; empty for none.
    [[nodiscard]] const std::string& subprotocol() const noexcept { return subprotocol_; }

    /// Subscribes until the connection closes. `to` must be of this connection's loop; a topic of
    /// `endpoint::add_topic` is of the first.
    void follow(topic& to, std::optional<std::string> key) {
        subscriptions_.push_back(to.subscribe(*this, std::move(key)));
    }

    [[nodiscard]] const endpoint_options& options() const noexcept { return options_; }

protected:
    connection(std::shared_ptr<detail::loop> loop, const endpoint_options& options,
               std::uint64_t id)
        : loop_{std::move(loop)},
          options_{options},
          outbox_{{options.outbox_bytes, options.outbox_high_water, options.outbox_low_water}},
          id_{id} {}

    void schedule();

    /// The frame as it is sent to a peer that takes compressed ones.
    [[nodiscard]] virtual websocket::frame compress(const websocket::frame& message) = 0;

    /// Writes as much as the system takes now, and does nothing else.
    virtual void write_out() = 0;

    std::shared_ptr<detail::loop> loop_;
    const endpoint_options& options_;
    detail::outbox outbox_;
    std::string remote_address_;
    std::string principal_;
    std::string target_;
    std::string subprotocol_;
    bool is_open_ = false;  ///< from the upgrade until a close is sent or received
    bool is_paused_ = false;
    std::chrono::nanoseconds pause_changed_at_{};  ///< when `is_paused_` did
    bool is_compressed_ = false;
    bool needs_every_frame_ = false;  ///< each is compressed by means of those before it
    bool is_scheduled_ = false;
    std::vector<std::unique_ptr<detail::subscription>> subscriptions_;

private:
    bool deliver(const payload& record, overflow_policy when_full) final {
        return is_open_ &&
               queue(record.as<websocket::frame>([this](const payload& of) { return framed(of); }),
                     when_full);
    }

    /// Once for all of this loop.
    [[nodiscard]] websocket::frame framed(const payload& record) const;

    void lose() final {
        if (is_open_) end_slow();
    }

    bool queue(websocket::opcode op, std::string_view payload) {
        return is_open_ && queue(loop_->frames.make(op, payload), options_.when_full);
    }

    bool queue(websocket::frame message, overflow_policy when_full) {
        const auto result = outbox_.offer(
            std::move(message), needs_every_frame_ ? overflow_policy::disconnect : when_full,
            [this] {
                write_out();
                return is_open_ ? detail::flush_result::written : detail::flush_result::gone;
            },
            [this](websocket::frame&& f) { return is_compressed_ ? compress(f) : std::move(f); });
        const bool is_queued = result.what == detail::offer_result::fate::queued;
        if (!is_queued || result.dropped != 0) on_loss(result);
        if (!is_queued) return result.is_sent();
        ++loop_->counters.frames_out;
        schedule();
        return true;
    }

    void on_loss(const detail::offer_result& result);

    void end_slow();

    std::uint64_t id_;
    std::uint16_t close_code_ = 1006;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/connection.ipp>
#endif
