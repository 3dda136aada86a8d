#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/detail/stream_connection.hpp>
#include <millrace/endpoint/http_answer.hpp>
#include <millrace/endpoint/route.hpp>
#include <millrace/websocket/handshake.hpp>
#include <millrace/websocket/protocol.hpp>
#include <millrace/websocket/request.hpp>

namespace millrace::detail {

/// One connection from accept to close: HTTP requests, then perhaps a WebSocket. `Server` is what
/// it belongs to, see `endpoint_core`.
///
/// Nothing is destroyed or unsubscribed while a handler or a topic may be walking over it: `close`
/// and failures are noted, and carried out by `flush` at the end of the turn.
template <class Server>
class session final : public stream_connection<typename Server::stream_type>, public http_peer {
    using base = stream_connection<typename Server::stream_type>;
    using base::arm_read, base::is_open_, base::loop_, base::options_, base::outbox_;
    using base::schedule, base::subscriptions_, base::write_out;
    using nanoseconds = std::chrono::nanoseconds;

    enum class phase {
        head,        ///< reading a request's head
        responding,  ///< a request waits for its answer, or the answer is being written
        websocket,   ///< until both close frames are through
        lingering,   ///< the last bytes are written, input is thrown away until the peer ends it
    };

public:
    session(Server& server, typename Server::stream_type stream, std::uint64_t id, bool is_surplus)
        : base{server.shared_loop(), server.options(), id, std::move(stream)},
          server_{server},
          protocol_{{.max_message_bytes = options_.max_message_bytes,
                     .buffer_bytes = loop::buffer_bytes}},
          is_surplus_{is_surplus} {}

    void start() {
        deadline_ = after(options_.handshake_timeout);
        arm_read();
    }

    /// Acts on what timed out.
    void tick() {
        if (phase_ == phase::websocket && is_open_) return tick_open();
        if (phase_ == phase::responding)
            deadline_ = std::max(deadline_, this->last_written() + options_.idle_timeout);
        if (loop_->now < deadline_) return;
        const bool is_idle_http =
            phase_ == phase::head && has_answered_ && !this->has_partial_input();
        if (!is_idle_http) ++loop_->counters.timeouts;
        if (phase_ == phase::head && !is_idle_http) return refuse(make_error_code(errc::timed_out));
        finish();
    }

    /// Ends the connection in good order: a WebSocket by `code`, a request by its answer.
    void stop(websocket::close_code code, std::string_view reason) {
        keep_alive_ = false;
        if (phase_ == phase::websocket) this->close(code, reason);
        if (phase_ == phase::head) finish();
    }

    /// Ends the connection at once.
    void finish() {
        if (this->is_ended()) return;
        is_open_ = false;
        subscriptions_.clear();
        this->end_stream();
        if (route_ != nullptr) contain([&] { route_->on_close(*this); });
        server_.remove(*this);
    }

    void flush() override {
        this->is_scheduled_ = false;
        if (this->is_ended()) return;
        write_out();
        if (this->is_broken()) return finish();
        if (!is_open_ && phase_ == phase::websocket)
            deadline_ = std::min(deadline_, after(options_.close_timeout));
        if (!is_open_) subscriptions_.clear();
        if (outbox_.empty()) on_drained();
    }

    void answer(http_answer answer) override {
        if (phase_ != phase::responding || is_answered_) return;
        std::string head = http_head(answer, keep_alive_);
        if (is_head_request_ || answer.status == 304) {
            answer.shared_body = {};
        } else {
            head += answer.body;
        }
        send_answer(loop_->frames.wrap(std::move(head)));
        if (answer.shared_body.size() != 0)
            outbox_.push(std::move(answer.shared_body), outbox::kind::control);
    }

    std::size_t place = 0;  ///< among the server's sessions

private:
    static constexpr nanoseconds never = nanoseconds::max();

    struct frame_receiver {
        session& self;

        bool on_message(websocket::opcode op, std::span<char> payload) {
            if (!self.is_open_) return true;
            ++self.loop_->counters.messages_in;
            self.contain([&] { self.route_->on_message(self, op, payload); });
            return true;
        }
        bool on_ping(std::string_view payload) {
            if (!self.allows_control_frame()) return true;
            self.outbox_.push_pong(self.loop_->frames.make(websocket::opcode::pong, payload));
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

    [[nodiscard]] nanoseconds after(std::chrono::milliseconds time) const {
        return loop_->now + time;
    }

    /// No exception of a user's leaves the endpoint.
    template <class Function>
    bool contain(Function&& call) noexcept {
        try {
            call();
            return true;
        } catch (...) {
            ++loop_->counters.handler_errors;
            this->close(websocket::close_code::internal_error, "handler failed");
            return false;
        }
    }

    [[nodiscard]] bool wants_input() const noexcept override { return phase_ != phase::responding; }

    void on_failure() noexcept override {
        ++loop_->counters.handler_errors;
        finish();
    }

    void on_input_end() override {
        is_input_ended_ = true;
        if (phase_ != phase::lingering || outbox_.empty()) finish();
    }

    std::size_t on_received(std::span<char> bytes) override {
        is_ping_sent_ = false;
        std::size_t used = 0;
        if (phase_ == phase::head) used = receive_requests({bytes.data(), bytes.size()});
        if (phase_ == phase::websocket) used += receive_frames(bytes.subspan(used));
        return phase_ == phase::lingering ? bytes.size() : used;
    }

    [[nodiscard]] std::size_t receive_requests(std::string_view bytes) {
        std::size_t used = 0;
        while (phase_ == phase::head) {
            websocket::request request;
            const auto parsed = websocket::parse_request(
                bytes.substr(used), request, {options_.max_head_bytes, options_.max_headers});
            used += parsed.consumed;
            if (parsed.state == websocket::parse_result::incomplete) {
                if (used != bytes.size())
                    deadline_ = std::min(deadline_, after(options_.handshake_timeout));
                break;
            }
            parsed.error ? refuse(parsed.error) : on_request(request);
        }
        return used;
    }

    [[nodiscard]] std::size_t receive_frames(std::span<char> bytes) {
        frame_receiver receiver{*this};
        const auto result = protocol_.receive(bytes, receiver);
        if (!result.error) return result.consumed;
        ++loop_->counters.protocol_errors;
        this->close(websocket::close_code_of(result.error), result.error.message());
        linger();
        return bytes.size();
    }

    /// Control frames are cheap to send, and each asks for work.
    bool allows_control_frame() {
        if (!is_open_) return false;
        if (loop_->now - control_since_ >= std::chrono::seconds{1}) {
            control_since_ = loop_->now;
            control_frames_ = 0;
        }
        if (++control_frames_ <= options_.max_control_frames_per_second) return true;
        this->close(websocket::close_code::policy_violation, "too many control frames");
        return false;
    }

    void begin_response(bool keep_alive) {
        phase_ = phase::responding;
        is_answered_ = false;
        has_answered_ = true;
        keep_alive_ = keep_alive;
        deadline_ = after(options_.idle_timeout);
    }

    void on_request(const websocket::request& request) {
        const bool is_turned_away = is_surplus_ || server_.is_stopping();
        begin_response(request.keep_alive() && request.content_length() == 0 && !is_turned_away);
        is_head_request_ = request.method() == "HEAD";
        if (is_turned_away) return answer(http_error(make_error_code(errc::try_again_later)));

        std::error_code refused = errc::handler_failed;
        contain([&] { refused = server_.admit(request, this->remote_address()); });
        if (refused) return answer(http_error(refused));

        route* const found = server_.find_route(request.path());
        if (websocket::wants_upgrade(request)) return upgrade(request, found);
        ++loop_->counters.http_requests;
        if (found != nullptr) {
            auto wrong = http_error(make_error_code(errc::upgrade_required));
            wrong.extra_headers = "Upgrade: websocket\r\n";
            return answer(std::move(wrong));
        }
        const auto self = std::static_pointer_cast<session>(this->shared_from_this());
        if (!contain([&] { server_.serve_http(request, responder{self}); }))
            answer(http_error(make_error_code(errc::handler_failed)));
    }

    void upgrade(const websocket::request& request, route* to) {
        auto accepted = websocket::accept_upgrade(request);
        if (to == nullptr || accepted.error) keep_alive_ = false;
        if (to == nullptr) return answer(http_error(make_error_code(errc::not_found)));
        send_answer(loop_->frames.wrap(std::move(accepted.response)));
        if (accepted.error) return;

        ++loop_->counters.upgrades;
        phase_ = phase::websocket;
        is_open_ = true;
        deadline_ = never;
        this->target_ = request.target();
        route_ = to;
        contain([&] { route_->on_open(*this); });
    }

    /// Answers what is no request, or came too slowly.
    void refuse(std::error_code error) {
        begin_response(false);
        is_head_request_ = false;
        answer(http_error(error));
    }

    void send_answer(frame response) {
        is_answered_ = true;
        outbox_.push(std::move(response), outbox::kind::control);
        schedule();
    }

    void linger() {
        phase_ = phase::lingering;
        deadline_ = after(options_.close_timeout);
        arm_read();
    }

    /// All output has been taken by the system.
    void on_drained() {
        if (phase_ == phase::responding && is_answered_ && !keep_alive_) linger();
        if (phase_ == phase::responding && is_answered_) {
            phase_ = phase::head;
            deadline_ = after(options_.idle_timeout);
            this->receive_again();
        } else if (phase_ == phase::websocket && is_close_received_) {
            this->end_output();
            finish();
        } else if (phase_ == phase::lingering) {
            if (!std::exchange(is_output_ended_, true)) this->end_output();
            if (is_input_ended_) finish();
        }
    }

    void tick_open() {
        const auto silence = loop_->now - this->last_received();
        if (silence >= options_.idle_timeout) {
            ++loop_->counters.timeouts;
            this->close(websocket::close_code::going_away, "idle timeout");
        } else if (silence >= options_.ping_interval && !std::exchange(is_ping_sent_, true)) {
            outbox_.push(loop_->frames.make(websocket::opcode::ping, {}), outbox::kind::control);
            schedule();
        }
    }

    Server& server_;
    websocket::protocol<websocket::role::server> protocol_;
    route* route_ = nullptr;  ///< once upgraded
    nanoseconds deadline_ = never;
    nanoseconds control_since_{};
    std::size_t control_frames_ = 0;
    phase phase_ = phase::head;
    bool is_surplus_;
    bool is_input_ended_ = false;
    bool is_output_ended_ = false;
    bool is_close_received_ = false;
    bool is_ping_sent_ = false;
    bool is_head_request_ = false;
    bool is_answered_ = false;
    bool has_answered_ = false;
    bool keep_alive_ = false;
};

}  // namespace millrace::detail
