#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/token_bucket.hpp>
#include <millrace/endpoint/detail/sessions/http_session.hpp>
#include <millrace/endpoint/detail/sessions/token_gate.hpp>
#include <millrace/websocket/protocol.hpp>

namespace millrace::detail {

/// One connection from accept to close: HTTP requests, then perhaps a WebSocket.
///
/// Nothing is destroyed or unsubscribed while a handler or a topic may be walking over it: `close`
/// and failures are noted, and carried out by `flush` at the end of the turn.
template <class Server>
class websocket_session final : public http_session<Server> {
    using base = http_session<Server>;
    using base::after, base::contain, base::deadline_, base::is_open_, base::loop_, base::options_;
    using base::is_held_back_, base::outbox_, base::phase_, base::schedule, base::server_;
    using typename base::phase, typename base::nanoseconds;

public:
    websocket_session(Server& server, typename Server::stream_type stream, std::uint64_t id,
                      connection_place counted)
        : base{server, std::move(stream), id, std::move(counted)},
          protocol_{{.max_message_bytes = options_.max_message_bytes}},
          messages_{token_bucket::of_a_second(options_.max_messages_per_second)},
          control_frames_{token_bucket::of_a_second(options_.max_control_frames_per_second)} {}

    /// Acts on what timed out; not while a handler has a message, for what others have sent cannot
    /// be read then.
    void tick() {
        if (loop_->is_receiving) return;
        phase_ == phase::websocket&& is_open_ ? tick_open() : this->tick_http();
        this->count_memory();
    }

    /// Ends it at once, for it holds more memory than others. A WebSocket is told, if it can be.
    void end_for_memory() {
        ++loop_->counters.memory_ended;
        this->tell(log_severity::warning, log_event::memory_exhausted,
                   "holds " + std::to_string(this->memory_bytes()) + " bytes");
        if (phase_ == phase::websocket) {
            loop_->counters.frames_dropped += outbox_.drop_all();
            this->close(websocket::close_code::try_again_later, "out of memory");
            this->write_out();
        }
        finish();
    }

    using base::memory_bytes;

    /// Ends the connection in good order: a WebSocket by `code`, a request by its answer.
    void stop(websocket::close_code code, std::string_view reason) {
        this->keep_alive_ = false;
        if (phase_ == phase::websocket) this->close(code, reason);
        if (phase_ == phase::head) finish();
    }

    void finish() override {
        if (this->is_ended()) return;
        is_open_ = false;
        this->subscriptions_.clear();
        this->end_stream();
        if (route_ != nullptr) contain([&] { route_->on_close(*this); });
        if (route_ != nullptr)
            this->access_.close(server_, *this, this->bytes_in(), this->bytes_out());
        this->leave();
        server_.remove(*this);
    }

    void flush() override {
        this->is_scheduled_ = false;
        if (this->is_ended()) return;
        this->write_answer();
        if (this->is_broken()) return finish();
        if (!is_open_) {
            if (phase_ == phase::websocket)
                deadline_ = std::min(deadline_, after(options_.close_timeout));
            this->subscriptions_.clear();
        }
        if (outbox_.relieve() && is_open_) contain([&] { route_->on_drain(*this); });
        if (is_held_back_ && wants_input()) {
            is_held_back_ = false;
            this->receive_again();
        } else if (phase_ == phase::websocket) {
            this->arm_read();  // what became readable while it was paused may have been nothing
        }
        if (outbox_.empty()) on_drained();
        this->count_memory();
    }

    std::size_t place = 0;  ///< among the server's sessions

private:
    struct frame_receiver {
        websocket_session& self;

        bool on_message(websocket::opcode op, std::span<char> payload) {
            if (!self.is_open_ || !self.allows_message()) {
                ++self.loop_->counters.messages_ignored;
                return true;
            }
            ++self.loop_->counters.messages_in;
            self.message_since_ = base::never;
            self.contain([&] { self.route_->on_message(self, op, payload); });
            return self.wants_input();
        }
        bool on_ping(std::string_view payload) {
            if (!self.allows_control_frame()) return true;
            // Only the latest ping needs an answer (RFC 6455, section 5.5.3).
            if (self.outbox_.has_urgent()) self.write_out();
            self.outbox_.push_urgent(self.loop_->frames.make(websocket::opcode::pong, payload));
            self.schedule();
            return true;
        }
        bool on_pong(std::string_view) {
            self.allows_control_frame();
            return true;
        }
        bool on_close(websocket::close_code code, std::string_view) {
            self.close(code);
            self.is_close_received_ = true;
            self.schedule();
            return true;
        }
    };

    void on_upgraded(route& to, std::unique_ptr<websocket::compressor> agreed,
                     std::shared_ptr<const http::request> request) override {
        route_ = &to;
        is_held_back_ = true;  // the guard may have answered later than the request was received
        this->is_compressed_ = agreed != nullptr;
        this->needs_every_frame_ = agreed != nullptr && agreed->shared_key() == 0;
        protocol_.use(std::move(agreed));
        measure_head();
        if (request != nullptr) return wait_for_token(std::move(request));
        contain([&] { to.on_open(*this); });
    }

    void wait_for_token(std::shared_ptr<const http::request> request) {
        gate_ = std::make_unique<token_gate>(
            *route_, [this, request = std::move(request)](const std::string& token) {
                auto shown = std::make_shared<http::request>(*request);
                shown->set_header("Authorization", "Bearer " + token);
                const std::weak_ptr<connection> self = this->weak_from_this();
                server_.admit(shown, this->remote_address_, [this, self, shown](verdict said) {
                    const auto asker = self.lock();
                    if (asker == nullptr || !is_open_) return;
                    const loop::turn turn{*loop_};
                    judge(*shown, said);
                });
            });
        route_ = gate_.get();
        protocol_.limit_messages(std::min(options_.max_head_bytes, options_.max_message_bytes));
        deadline_ = after(options_.handshake_timeout);
    }

    /// What the guard says of a token that was shown in a message.
    void judge(const http::request& shown, verdict said) {
        if (route_ != gate_.get()) return;  // a guard that answers twice
        route& to = gate_->behind();
        deadline_ = base::never;
        this->principal_ = said.principal.empty() ? this->peer_subject() : said.principal;
        measure_head();
        if (!said.error && !contain([&] { said = to.admit(*this); })) return;
        if (said.error) {
            this->note_denied(shown, said);
            return this->close(websocket::close_code::policy_violation,
                               said.reason.empty() ? said.error.message() : said.reason);
        }
        route_ = &to;
        protocol_.limit_messages(options_.max_message_bytes);
        this->resume_reading();
        contain([&] { to.on_open(*this); });
    }

    [[nodiscard]] websocket::frame compress(const websocket::frame& message) override {
        return loop_->frames.compress(message, *protocol_.compression());
    }

    /// A connection that closes reads on, for the peer's close frame.
    [[nodiscard]] bool wants_input() const noexcept override {
        return phase_ != phase::responding && !(this->is_paused_ && is_open_);
    }

    void on_failure() noexcept override {
        ++loop_->counters.handler_errors;
        finish();
    }

    std::size_t on_received(std::span<char> bytes) override {
        is_ping_sent_ = false;
        std::size_t used = 0;
        if (phase_ == phase::head) used = this->receive_requests({bytes.data(), bytes.size()});
        if (phase_ == phase::body)
            used += this->receive_body({bytes.data() + used, bytes.size() - used});
        if (phase_ == phase::websocket) used += receive_frames(bytes.subspan(used));
        return phase_ == phase::lingering ? bytes.size() : used;
    }

    [[nodiscard]] std::size_t receive_frames(std::span<char> bytes) {
        is_held_back_ = !wants_input();
        if (is_held_back_) return 0;
        frame_receiver receiver{*this};
        const auto result = protocol_.receive(bytes, receiver);
        contain([&] { route_->on_batch_end(*this); });
        is_held_back_ = !wants_input();
        if (protocol_.has_partial_message() || result.consumed != bytes.size()) {
            if (message_since_ == base::never) watch_message();
        } else {
            message_since_ = base::never;
        }
        if (!result.error) return result.consumed;
        ++loop_->counters.protocol_errors;
        this->tell(log_severity::info, log_event::protocol_error, result.error.message());
        this->close(websocket::close_code_of(result.error), result.error.message());
        this->linger();
        return bytes.size();
    }

    [[nodiscard]] std::size_t held_bytes() const noexcept override {
        return base::held_bytes() + protocol_.memory_bytes() + head_bytes_;
    }

    void measure_head() noexcept {
        head_bytes_ = this->target_.capacity() + this->remote_address_.capacity() +
                      this->principal_.capacity();
    }

    void watch_message() {
        message_since_ = loop_->now;
        in_before_ = this->bytes_in();
    }

    /// Of a message that has begun.
    void tick_message() {
        if (is_held_back_ || this->is_paused_) return watch_message();
        if (loop_->now - message_since_ < options_.message_timeout) return;
        this->receive_now();
        if (!is_open_ || message_since_ == base::never) return;
        const auto passed = loop_->now - message_since_;
        if (passed < options_.message_timeout) return;
        if (this->is_fast_enough(this->bytes_in() - in_before_, passed)) return watch_message();
        ++loop_->counters.timeouts;
        this->tell(log_severity::info, log_event::timed_out, "a message's end did not come");
        this->close(websocket::close_code::policy_violation, "message too slow");
    }

    [[nodiscard]] bool allows_post() override {
        return options_.max_messages_per_second == 0 || messages_.take(loop_->now);
    }

    bool allows_message() {
        if (options_.max_messages_per_second == 0) return true;
        return messages_.take(loop_->now) || end_flood("too many messages");
    }

    /// Control frames are cheap to send, and each asks for work.
    bool allows_control_frame() {
        if (!is_open_) return false;
        return control_frames_.take(loop_->now) || end_flood("too many control frames");
    }

    bool end_flood(std::string_view reason) {
        ++loop_->counters.floods;
        this->tell(log_severity::warning, log_event::flooded, reason);
        this->close(websocket::close_code::policy_violation, reason);
        return false;
    }

    void on_drained() {
        if (phase_ != phase::websocket) return this->on_http_drained();
        if (!is_close_received_) return;
        this->end_output();
        finish();
    }

    void tick_open() {
        if (message_since_ != base::never) tick_message();
        if (loop_->now >= deadline_ && is_open_) return tick_gate();
        if (!is_open_) return;
        if (this->is_paused_) return tick_paused();
        if (silence() >= options_.idle_timeout) {
            this->receive_now();
            if (!is_open_) return;
        }
        const auto silence = this->silence();
        if (silence >= options_.idle_timeout) {
            ++loop_->counters.timeouts;
            this->tell(log_severity::info, log_event::timed_out, "nothing was received");
            this->close(websocket::close_code::going_away, "idle timeout");
        } else if (silence >= options_.ping_interval && !std::exchange(is_ping_sent_, true)) {
            outbox_.push(loop_->frames.make(websocket::opcode::ping, {}), outbox::kind::control);
            schedule();
        }
    }

    /// The time for a token is over.
    void tick_gate() {
        this->receive_now();
        if (!is_open_ || loop_->now < deadline_) return;
        deadline_ = base::never;
        ++loop_->counters.timeouts;
        this->tell(log_severity::info, log_event::timed_out, "no token was shown");
        this->close(websocket::close_code::policy_violation, "no token was shown in time");
    }

    /// For how long the peer might have been heard, and was not.
    [[nodiscard]] nanoseconds silence() const noexcept {
        return loop_->now - std::max(this->last_received(), this->pause_changed_at_);
    }

    /// A peer that has gone cannot be noticed meanwhile.
    void tick_paused() {
        if (loop_->now - this->pause_changed_at_ < options_.pause_timeout) return;
        ++loop_->counters.timeouts;
        this->tell(log_severity::warning, log_event::timed_out, "reading was not resumed");
        this->close(websocket::close_code::try_again_later, "paused too long");
    }

    websocket::protocol<websocket::role::server> protocol_;
    route* route_ = nullptr;            ///< once upgraded
    std::unique_ptr<token_gate> gate_;  ///< where a token was to be shown first
    token_bucket messages_;
    token_bucket control_frames_;
    nanoseconds message_since_ = base::never;  ///< a message has begun, or part of a frame
    std::uint64_t in_before_ = 0;              ///< when `message_since_` began
    std::size_t head_bytes_ = 0;               ///< what a WebSocket keeps of its request
    bool is_close_received_ = false;
    bool is_ping_sent_ = false;
};

}  // namespace millrace::detail
