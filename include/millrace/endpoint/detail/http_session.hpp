#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/core/log.hpp>
#include <millrace/endpoint/detail/access_record.hpp>
#include <millrace/endpoint/detail/route.hpp>
#include <millrace/endpoint/detail/stream_connection.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/http/body_source.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/handshake.hpp>

namespace millrace::detail {

/// A connection's first part: HTTP requests, the last of which may make it a WebSocket. `Server` is
/// what it belongs to, see `worker`.
template <class Server>
class http_session : public stream_connection<typename Server::stream_type> {
    using base = stream_connection<typename Server::stream_type>;

public:
    void start() {
        deadline_ = after(options_.handshake_timeout);
        arm_read();
    }

protected:
    using base::arm_read, base::is_open_, base::loop_, base::options_, base::outbox_;
    using base::schedule;
    using nanoseconds = std::chrono::nanoseconds;

    enum class phase {
        head,        ///< reading a request's head
        responding,  ///< a request waits for its verdict or answer, or that is being written
        websocket,   ///< until both close frames are through
        lingering,   ///< the last bytes are written, input is thrown away until the peer ends it
    };

    static constexpr nanoseconds never = nanoseconds::max();

    http_session(Server& server, typename Server::stream_type stream, std::uint64_t id,
                 bool is_surplus)
        : base{server.shared_loop(), server.options(), id, std::move(stream)},
          server_{server},
          is_surplus_{is_surplus} {}

    /// The answer to the upgrade is queued.
    virtual void on_upgraded(route& to, std::unique_ptr<websocket::compressor> agreed) = 0;

    /// Ends the connection at once.
    virtual void finish() = 0;

    [[nodiscard]] nanoseconds after(std::chrono::milliseconds time) const {
        return loop_->now + time;
    }

    /// No exception of a user's leaves the endpoint.
    template <class Function>
    bool contain(Function&& call) noexcept {
        if (loop_->contain(std::forward<Function>(call), this->id())) return true;
        this->close(websocket::close_code::internal_error, "handler failed");
        return false;
    }

    [[nodiscard]] std::size_t held_bytes() const noexcept override {
        return base::held_bytes() + body_.memory_bytes();
    }

    /// Whether `bytes` in `time` are no less than a peer has to send or to take.
    [[nodiscard]] bool is_fast_enough(std::uint64_t bytes, nanoseconds time) const noexcept {
        const double least = static_cast<double>(options_.min_bytes_per_second) *
                             std::chrono::duration<double>{time}.count();
        return static_cast<double>(bytes) >= least;
    }

    void tick_http() {
        if (loop_->now < deadline_) return;
        this->receive_now();
        if (this->is_ended() || loop_->now < deadline_) return;
        if (phase_ == phase::responding && is_answered_) {
            const std::uint64_t taken = this->bytes_out() - out_before_;
            if (taken != 0 && is_fast_enough(taken, options_.idle_timeout)) return watch_answer();
        }
        const bool is_idle = phase_ == phase::head && has_answered_ && !this->has_partial_input();
        if (!is_idle) {
            ++loop_->counters.timeouts;
            tell(severity::info, log_event::timed_out, "an HTTP request or answer");
        }
        if (phase_ == phase::head && !is_idle && this->can_answer())
            return refuse(make_error_code(errc::timed_out));
        finish();
    }

    [[nodiscard]] std::size_t receive_requests(std::string_view bytes) {
        std::size_t used = 0;
        while (phase_ == phase::head) {
            http::request request;
            const auto parsed = http::parse_request(
                bytes.substr(used), request, {options_.max_head_bytes, options_.max_headers});
            used += parsed.consumed;
            if (parsed.state == http::parse_result::incomplete) {
                if (used != bytes.size())
                    deadline_ = std::min(deadline_, after(options_.handshake_timeout));
                break;
            }
            parsed.error ? refuse(parsed.error) : on_request(std::move(request));
        }
        return used;
    }

    void on_input_end() override {
        is_input_ended_ = true;
        if (phase_ != phase::lingering || outbox_.empty()) finish();
    }

    void linger() {
        phase_ = phase::lingering;
        deadline_ = after(options_.close_timeout);
        arm_read();
    }

    /// Writes what waits, and the answer's body as far as the system takes it now.
    void write_answer() {
        this->write_out();
        for (int pieces = 0; !body_.is_done() && outbox_.empty(); ++pieces) {
            if (pieces == max_pieces) return this->wait_writable();
            push_piece();
            this->write_out();
        }
    }

    /// All output has been taken by the system.
    void on_http_drained() {
        if (!body_.is_done()) return;
        if (phase_ == phase::responding && is_answered_) log_end();
        if (phase_ == phase::responding && is_answered_ && !keep_alive_) linger();
        if (phase_ == phase::responding && is_answered_) {
            phase_ = phase::head;
            deadline_ = after(options_.idle_timeout);
            this->receive_again();
        } else if (phase_ == phase::lingering) {
            if (!std::exchange(is_output_ended_, true)) this->end_output();
            if (is_input_ended_) finish();
        }
    }

    /// What the server counts of this connection, once it is gone.
    void leave() {
        body_ = {};
        log_end();
        if (!has_answered_) server_.end_handshake();
        if (is_entered_) server_.leave(this->remote_address_);
    }

    void tell(severity level, log_event what, std::string_view message) const noexcept {
        loop_->tell(level, what, this->id(), message);
    }

    Server& server_;
    [[no_unique_address]] access_record<Server> access_;
    nanoseconds deadline_ = never;
    phase phase_ = phase::head;
    bool keep_alive_ = false;

private:
    using shared_request = std::shared_ptr<const http::request>;

    void begin_response(bool keep_alive) {
        phase_ = phase::responding;
        is_answered_ = false;
        if (!std::exchange(has_answered_, true)) server_.end_handshake();
        keep_alive_ = keep_alive;
        deadline_ = after(options_.idle_timeout);
    }

    void on_request(http::request request) {
        const bool is_turned_away = is_surplus_ || server_.is_stopping();
        begin_response(request.keep_alive() && request.content_length() == 0 && !is_turned_away);
        is_head_request_ = request.method() == "HEAD";
        const auto shared = std::make_shared<const http::request>(std::move(request));
        access_.begin(server_, shared, this->bytes_out());
        if (is_turned_away)
            return answer(http::error_response(make_error_code(errc::try_again_later)));
        if (Server::is_probe(*shared)) return serve(shared);
        if (!enter(*shared))
            return deny({errc::too_many_requests, "too many connections from one address"});
        server_.admit(shared, this->remote_address_, [self = weak(), shared](verdict said) {
            const auto asker = self.lock();
            if (!asker || asker->is_ended()) return;
            const loop::turn turn{*asker->loop_};
            asker->on_verdict(shared, std::move(said));
        });
    }

    [[nodiscard]] std::weak_ptr<http_session> weak() {
        return std::static_pointer_cast<http_session>(this->shared_from_this());
    }

    /// At the first request the address is known; it counts as long as the connection lives.
    [[nodiscard]] bool enter(const http::request& request) {
        if (is_entered_) return true;
        this->remote_address_ = server_.client_address(request, this->peer_address());
        is_entered_ = server_.enter(this->remote_address_);
        if (!is_entered_) ++loop_->counters.refused;
        return is_entered_;
    }

    void on_verdict(const shared_request& request, verdict said) {
        if (phase_ != phase::responding || is_answered_) return;
        if (server_.is_stopping()) said = errc::try_again_later;
        if (said.error) {
            ++loop_->counters.denied;
            return deny(said);
        }
        this->principal_ = said.principal.empty() ? this->peer_subject() : said.principal;
        serve(request);
    }

    void serve(const shared_request& request) {
        route* const found = server_.find_route(request->path());
        if (websocket::wants_upgrade(*request)) return upgrade(*request, found);
        ++loop_->counters.http_requests;
        if (found != nullptr) {
            auto wrong = http::error_response(make_error_code(errc::upgrade_required));
            wrong.extra_headers = "Upgrade: websocket\r\n";
            return answer(std::move(wrong));
        }
        server_.serve_http(request, [self = weak()](http::response given) {
            if (const auto asker = self.lock()) asker->answer(std::move(given));
        });
    }

    void upgrade(const http::request& request, route* to) {
        keep_alive_ = keep_alive_ && to != nullptr;
        if (to == nullptr) return answer(http::error_response(make_error_code(errc::not_found)));
        if (server_.is_draining()) return deny({errc::try_again_later, "the server restarts"});
        this->target_ = request.target();
        std::error_code refused = errc::handler_failed;
        contain([&] { refused = to->admit(*this); });
        if (refused) return deny(refused);

        auto accepted =
            websocket::accept_upgrade(request, to->subprotocols(), options_.compression.get());
        keep_alive_ = keep_alive_ && !accepted.error;
        access_.answer(accepted.error ? http::status_of(accepted.error) : 101,
                       accepted.response.size());
        send_answer(loop_->frames.wrap(std::move(accepted.response)));
        if (accepted.error) return;

        ++loop_->counters.upgrades;
        this->subprotocol_ = std::move(accepted.subprotocol);
        phase_ = phase::websocket;
        deadline_ = never;
        is_open_ = true;
        access_.open(server_, *this);
        on_upgraded(*to, std::move(accepted.compression));
    }

    void deny(const verdict& said) {
        tell(severity::info, log_event::denied,
             said.reason.empty() ? said.error.message() : said.reason);
        answer(http::refusal(said.error, said.reason));
    }

    /// Answers what is no request, or came too slowly.
    void refuse(std::error_code error) {
        begin_response(false);
        is_head_request_ = false;
        access_.begin(server_, nullptr, this->bytes_out());
        tell(severity::info, log_event::protocol_error, error.message());
        answer(http::error_response(error));
    }

    void answer(http::response answer) {
        if (phase_ != phase::responding || is_answered_) return;
        std::string head = http::head_of(answer, keep_alive_);
        access_.answer(answer.status, head.size());
        if (!is_head_request_ && answer.status != 304) {
            if (answer.source == nullptr && answer.body.size() > http::body_source::piece_bytes)
                answer.source = std::make_shared<http::text_source>(std::move(answer.body));
            if (answer.source == nullptr) head += answer.body;
            body_ = http::body_reader{std::move(answer.source)};
        }
        send_answer(loop_->frames.wrap(std::move(head)));
        if (!body_.is_done()) push_piece();
    }

    void watch_answer() {
        deadline_ = after(options_.idle_timeout);
        out_before_ = this->bytes_out();
    }

    void send_answer(websocket::frame response) {
        is_answered_ = true;
        watch_answer();
        outbox_.push(std::move(response), outbox::kind::control);
        schedule();
    }

    void push_piece() {
        bool is_read = false;
        auto piece = loop_->frames.wrap_with([&](std::string& out) { is_read = body_.next(out); });
        if (is_read) return outbox_.push(std::move(piece), outbox::kind::control);
        loop_->tell(severity::warning, log_event::handler_failed, this->id(),
                    "a file changed while it was sent, or cannot be read any more");
        body_ = {};
        this->fail_output();
    }

    /// Of one connection in one turn.
    static constexpr int max_pieces = 16;

    void log_end() { access_.end(server_, *this, this->bytes_out()); }

    std::uint64_t out_before_ = 0;  ///< when the time for a part of the answer began
    http::body_reader body_;        ///< what is not in the outbox yet of the answer
    bool is_surplus_;
    bool is_input_ended_ = false;
    bool is_output_ended_ = false;
    bool is_head_request_ = false;
    bool is_answered_ = false;
    bool has_answered_ = false;
    bool is_entered_ = false;
};

}  // namespace millrace::detail
