#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/core/log.hpp>
#include <millrace/endpoint/detail/limits/connection_limits.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/endpoint/detail/sessions/http_answers.hpp>
#include <millrace/endpoint/detail/sessions/upload.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/bearer_token.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/handshake.hpp>

namespace millrace::detail {

/// A connection's first part: HTTP requests, the last of which may make it a WebSocket. `Server` is
/// what it belongs to, see `worker`.
template <class Server>
class http_session : public http_answers<Server> {
    using base = http_answers<Server>;

public:
    void start() {
        deadline_ = after(options_.handshake_timeout);
        arm_read();
    }

protected:
    using base::access_, base::after, base::answer, base::arm_read;
    using base::contain, base::deadline_, base::is_answered_, base::is_fast_enough;
    using base::is_head_request_, base::is_open_, base::keep_alive_, base::log_end, base::loop_;
    using base::never, base::note_denied, base::options_, base::outbox_, base::phase_;
    using base::schedule, base::send_answer, base::server_, base::tell, base::turn_away;
    using typename base::phase, typename base::nanoseconds;

    http_session(Server& server, typename Server::stream_type stream, std::uint64_t id,
                 connection_place place)
        : base{server, std::move(stream), id}, place_{std::move(place)} {
        if (!place_.is_address_known()) this->await_peer();
    }

    using shared_request = std::shared_ptr<const http::request>;

    /// The answer to the upgrade is queued. Where its `request` is given, the guard has yet to see
    /// a token.
    virtual void on_upgraded(route& to, std::unique_ptr<websocket::compressor> agreed,
                             shared_request request) = 0;

    /// Whether a body counts among the messages that one connection may send.
    [[nodiscard]] virtual bool allows_post() = 0;

    /// Ends the connection at once.
    virtual void finish() = 0;

    void tick_http() {
        if (loop_->now < deadline_) return;
        this->receive_now();
        if (this->is_ended() || loop_->now < deadline_) return;
        if (phase_ == phase::responding && this->is_answer_taken()) return;
        if (phase_ == phase::body && is_fast_enough(upload_.progress(), options_.message_timeout))
            return watch_body();
        const bool is_idle = phase_ == phase::head && has_answered_ && !this->has_partial_input();
        if (!is_idle) {
            ++loop_->counters.timeouts;
            tell(log_severity::info, log_event::timed_out, awaited());
        }
        if (phase_ == phase::body) {
            begin_response(false);
            return answer(http::error_response(make_error_code(errc::timed_out)));
        }
        if (phase_ == phase::head && !is_idle && this->can_answer())
            return refuse(make_error_code(errc::timed_out));
        finish();
    }

    [[nodiscard]] std::string_view awaited() const noexcept {
        if (phase_ == phase::websocket) return "the closing handshake";
        if (phase_ == phase::lingering) return "the peer's end of the connection";
        return "an HTTP request or answer";
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
            parsed.error ? refuse(parsed.error, request.method() == "HEAD")
                         : on_request(std::move(request));
        }
        return used;
    }

    [[nodiscard]] std::size_t held_bytes() const noexcept override {
        return base::held_bytes() + upload_.memory_bytes();
    }

    [[nodiscard]] std::size_t receive_body(std::string_view bytes) {
        const std::size_t used = upload_.take(bytes);
        if (!upload_.is_whole()) return used;
        phase_ = phase::responding;
        deadline_ = after(options_.pause_timeout);
        if (server_.is_stopping()) {
            turn_away(stopping);
        } else if (!allows_post()) {
            turn_away({errc::too_many_requests, "too many messages"});
        } else if (!contain([&] { upload_.finish(*this, make_responder()); })) {
            answer(http::error_response(make_error_code(errc::handler_failed)));
        }
        return used;
    }

    void on_input_end() override {
        is_input_ended_ = true;
        if (phase_ != phase::lingering || outbox_.empty()) finish();
    }

    void on_peer(const std::string& address) override {
        const bool is_kept = place_.learn(address);
        if (!is_kept || place_.why_surplus() == surplus::address_full) note_refused(address);
        if (!is_kept) finish();
    }

    void linger() {
        phase_ = phase::lingering;
        deadline_ = after(options_.close_timeout);
        arm_read();
    }

    /// All output has been taken by the system.
    void on_http_drained() {
        if (!this->is_body_sent()) return;
        if (phase_ == phase::responding && is_answered_) log_end();
        if (phase_ == phase::responding && is_answered_ && !keep_alive_) linger();
        if (phase_ == phase::responding && is_answered_) {
            phase_ = phase::head;
            deadline_ = after(options_.idle_timeout);
            if (is_proxied_) place_.leave_address();
            this->receive_again();
        } else if (phase_ == phase::lingering) {
            if (!std::exchange(is_output_ended_, true)) this->end_output();
            if (is_input_ended_) finish();
        }
    }

    /// What the server counts of this connection, once it is gone.
    void leave() {
        this->drop_answer();
        place_.leave();
    }

    bool is_held_back_ = false;  ///< input waits that was received already

private:
    inline static const verdict stopping{errc::try_again_later, "the server stops"};

    void begin_response(bool keep_alive) {
        phase_ = phase::responding;
        is_answered_ = false;
        has_answered_ = true;
        keep_alive_ = keep_alive;
        deadline_ = after(options_.idle_timeout);
    }

    void on_request(http::request request) {
        place_.end_handshake();
        const surplus why = place_.why_surplus();
        const bool is_turned_away = why != surplus::none || server_.is_stopping();
        begin_response(request.keep_alive() && request.content_length() == 0 && !is_turned_away);
        is_head_request_ = request.method() == "HEAD";
        const bool is_welcome = identify(request) && why != surplus::address_full;
        const auto shared = std::make_shared<const http::request>(std::move(request));
        access_.begin(server_, shared, this->bytes_out());
        if (server_.is_stopping()) return turn_away(stopping);
        if (server_.headers().has_cors()) this->origin_ = shared->header("Origin");
        if (Server::is_probe(*shared)) return serve(shared);
        // These two have been told.
        if (why == surplus::server_full)
            return answer(http::refusal(errc::try_again_later, "the server is full"));
        if (!is_welcome)
            return answer(
                http::refusal(errc::too_many_requests, "too many connections from one address"));
        if (auto asked = server_.headers().preflight(*shared)) return answer(*std::move(asked));
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

    /// Answers the request that is served now, at once or later.
    [[nodiscard]] http::responder make_responder() {
        return [self = weak()](http::response given) {
            const auto asker = self.lock();
            if (!asker || asker->is_ended()) return;
            const loop::turn turn{*asker->loop_};
            asker->answer(std::move(given));
        };
    }

    /// Behind a proxy each request may be another client's. False if that one has as many
    /// connections as it may.
    [[nodiscard]] bool identify(http::request& request) {
        this->principal_.clear();
        const std::string peer = this->peer_address();
        this->remote_address_ = server_.client_address(request, peer);
        is_proxied_ = options_.trusted_proxies.contains(peer);
        if (!is_proxied_ || place_.serve(this->remote_address_)) return true;
        note_refused(this->remote_address_);
        return false;
    }

    /// What could not be read is its sender's, whoever came before on the same connection.
    void identify_peer() {
        http::request nameless;
        this->principal_.clear();
        this->remote_address_ = server_.client_address(nameless, this->peer_address());
    }

    void note_refused(const std::string& address) {
        ++loop_->counters.refused;
        if (loop_->log)
            loop_->tell(log_severity::warning, log_event::refused, this->id(),
                        "too many connections or handshakes from " + address);
    }

    void on_verdict(const shared_request& request, verdict said) {
        if (phase_ != phase::responding || is_answered_) return;
        if (server_.is_stopping()) return turn_away(stopping);
        if (said.error && may_show_token(*request, said)) {
            if (has_two_keys(*request)) return answer_two_keys();
            return upgrade(request, false);
        }
        if (said.error) return turn_away(*request, said);
        this->principal_ = said.principal.empty() ? this->peer_subject() : said.principal;
        serve(request);
    }

    /// Whether a token may yet come in a first message.
    [[nodiscard]] bool may_show_token(const http::request& request, const verdict& said) const {
        return options_.takes_token_messages && said.error == errc::unauthorized &&
               websocket::wants_upgrade(request) && !bearer_token(request) &&
               server_.find_route(request.path()) != nullptr;
    }

    /// Which of two counts must not be in doubt where one may be refused.
    [[nodiscard]] static bool has_two_keys(const http::request& request) {
        return request.query_count("key") > 1;
    }
    void answer_two_keys() { answer(http::error_response(400, "repeated parameter", "key")); }

    void serve(const shared_request& request) {
        if (has_two_keys(*request)) return answer_two_keys();
        if (websocket::wants_upgrade(*request)) return upgrade(request, true);
        route* const found = server_.find_route(request->path());
        ++loop_->counters.http_requests;
        const bool is_get = request->method() == "GET" || request->method() == "HEAD";
        if (found != nullptr && !is_get) return post(*request, *found);
        if (found != nullptr) return ask_for_upgrade(*found);
        server_.serve_http(
            request, {this->principal_, this->remote_address_, this->peer_address()},
            [self = weak(), request](http::response given) {
                const auto asker = self.lock();
                if (asker == nullptr) return;
                if (given.status == 403) {
                    const bool is_observed =
                        request->path() == "/metrics" || request->path() == "/api/topology";
                    asker->note_denied(*request, {errc::forbidden, is_observed ? "may not observe"
                                                                               : "may not read"});
                }
                asker->answer(std::move(given));
            });
    }

    void ask_for_upgrade(route& to) {
        bool takes_posts = false;
        contain([&] { takes_posts = !to.admit_post(*this).error; });
        auto wrong = http::refusal(make_error_code(errc::upgrade_required),
                                   takes_posts ? "this path is a WebSocket's, and takes POST, too"
                                               : "this path is a WebSocket's");
        wrong.extra_headers = "Upgrade: websocket\r\n";
        answer(std::move(wrong));
    }

    void upgrade(const shared_request& shared, bool is_proven) {
        const http::request& request = *shared;
        route* const to = server_.find_route(request.path());
        keep_alive_ = keep_alive_ && to != nullptr;
        if (to == nullptr) return answer(http::error_response(make_error_code(errc::not_found)));
        if (server_.is_draining()) return turn_away({errc::try_again_later, "the server restarts"});
        this->target_ = request.target();
        verdict said{errc::handler_failed};
        contain([&] { said = is_proven ? to->admit(*this) : verdict{}; });
        if (said.error) return turn_away(request, said);

        auto accepted =
            websocket::accept_upgrade(request, to->subprotocols(), options_.compression.get());
        if (accepted.error) {
            keep_alive_ = false;
            auto wrong = http::error_response(accepted.error);
            wrong.extra_headers += accepted.error_headers;
            return answer(std::move(wrong));
        }
        access_.answer(101, accepted.response.size());
        send_answer(loop_->frames.wrap(std::move(accepted.response)));
        ++loop_->counters.upgrades;
        this->subprotocol_ = std::move(accepted.subprotocol);
        phase_ = phase::websocket;
        deadline_ = never;
        is_open_ = true;
        access_.open(server_, *this);
        on_upgraded(*to, std::move(accepted.compression), is_proven ? nullptr : shared);
    }

    void post(const http::request& request, route& to) {
        this->target_ = request.target();
        std::optional<http::response> refused{
            http::error_response(make_error_code(errc::handler_failed))};
        contain([&] { refused = upload_.begin(to, request, *this); });
        if (refused) {
            if (refused->status == 403) note_denied(request, {errc::forbidden, "may not send"});
            return answer(*std::move(refused));
        }
        keep_alive_ = request.keep_alive();
        phase_ = phase::body;
        watch_body();
        is_held_back_ = true;  // the guard may have answered later than the body came
        if (upload_.is_go_ahead_wanted())
            outbox_.push(loop_->frames.wrap("HTTP/1.1 100 Continue\r\n\r\n"),
                         outbox::kind::control);
        schedule();
    }

    void watch_body() { deadline_ = after(options_.message_timeout); }

    /// Answers what is no request, or came too slowly.
    void refuse(std::error_code error, bool is_head_request = false) {
        begin_response(false);
        is_head_request_ = is_head_request;
        this->origin_.clear();
        identify_peer();
        access_.begin(server_, nullptr, this->bytes_out());
        tell(log_severity::info, log_event::protocol_error, error.message());
        answer(http::error_response(error));
    }

    upload upload_;
    connection_place place_;
    bool is_proxied_ = false;  ///< by one who names its clients
    bool is_input_ended_ = false;
    bool is_output_ended_ = false;
    bool has_answered_ = false;
};

}  // namespace millrace::detail
