#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/log.hpp>
#include <millrace/endpoint/detail/logs/access_record.hpp>
#include <millrace/endpoint/detail/sessions/stream_connection.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/http/body_source.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/target_without_secrets.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// A connection's answers to HTTP requests: heads, and bodies in pieces. `Server` is what it
/// belongs to, see `worker`.
template <class Server>
class http_answers : public stream_connection<typename Server::stream_type> {
    using base = stream_connection<typename Server::stream_type>;

protected:
    using base::is_open_, base::loop_, base::options_, base::outbox_, base::schedule;
    using nanoseconds = std::chrono::nanoseconds;

    enum class phase {
        head,        ///< reading a request's head
        body,        ///< reading what is posted
        responding,  ///< a request waits for its verdict or answer, or that is being written
        websocket,   ///< until both close frames are through
        lingering,   ///< the last bytes are written, input is thrown away until the peer ends it
    };

    static constexpr nanoseconds never = nanoseconds::max();

    http_answers(Server& server, typename Server::stream_type stream, std::uint64_t id)
        : base{server.shared_loop(), server.options(), id, std::move(stream)}, server_{server} {}

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

    void tell(log_severity level, log_event what, std::string_view message) const noexcept {
        loop_->tell(level, what, this->id(), message);
    }

    /// Says no to a request that was understood.
    void turn_away(const http::request& request, const verdict& said) {
        note_denied(request, said);
        answer(http::refusal(said.error, said.reason));
    }

    /// A guard or a rule refused. Where it failed, that has been told; what is no right request is
    /// refused to nobody.
    void note_denied(const http::request& request, const verdict& said) {
        if (said.error == errc::handler_failed || said.error == errc::bad_request) return;
        ++loop_->counters.denied;
        if (!loop_->log) return;
        std::string what = request.method() + ' ';
        what.append(http::target_without_secrets(request.target()));
        tell_refusal(log_event::denied, std::move(what), said.reason);
    }

    /// Says no to what is beyond a limit, or comes at the end.
    void turn_away(const verdict& said) {
        if (loop_->log)
            tell_refusal(log_event::refused, "a request",
                         said.reason.empty() ? said.error.message() : said.reason);
        answer(http::refusal(said.error, said.reason));
    }

    void answer(http::response answer) {
        if (phase_ != phase::responding || is_answered_) return;
        answer.extra_headers += server_.headers().lines(origin_);
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

    /// Whether the peer has taken of the answer what it has to; it is given time for more then.
    [[nodiscard]] bool is_answer_taken() noexcept {
        const std::uint64_t taken = this->bytes_out() - out_before_;
        if (!is_answered_ || taken == 0 || !is_fast_enough(taken, options_.idle_timeout))
            return false;
        watch_answer();
        return true;
    }

    void watch_answer() noexcept {
        deadline_ = after(options_.idle_timeout);
        out_before_ = this->bytes_out();
    }

    void send_answer(websocket::frame response) {
        is_answered_ = true;
        watch_answer();
        outbox_.push(std::move(response), outbox::kind::control);
        schedule();
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

    [[nodiscard]] bool is_body_sent() const noexcept { return body_.is_done(); }

    /// The connection is gone.
    void drop_answer() {
        body_ = {};
        log_end();
    }

    void log_end() { access_.end(server_, *this, this->bytes_out()); }

    Server& server_;
    [[no_unique_address]] access_record<Server> access_;
    nanoseconds deadline_ = never;
    phase phase_ = phase::head;
    std::string origin_;  ///< the request's, where that matters
    bool keep_alive_ = false;
    bool is_head_request_ = false;
    bool is_answered_ = false;

private:
    void tell_refusal(log_event event, std::string what, std::string_view reason) const {
        if (!this->remote_address_.empty()) what.append(" from ").append(this->remote_address_);
        if (!this->principal_.empty()) what.append(" as ").append(this->principal_);
        if (!reason.empty()) what.append(": ").append(reason);
        tell(log_severity::info, event, what);
    }

    void push_piece() {
        bool is_read = false;
        auto piece = loop_->frames.wrap_with([&](std::string& out) { is_read = body_.next(out); });
        if (is_read) return outbox_.push(std::move(piece), outbox::kind::control);
        loop_->tell(log_severity::warning, log_event::handler_failed, this->id(),
                    "a file changed while it was sent, or cannot be read any more");
        body_ = {};
        this->fail_output();
    }

    /// Of one connection in one turn.
    static constexpr int max_pieces = 16;

    std::uint64_t out_before_ = 0;  ///< when the time for a part of the answer began
    http::body_reader body_;        ///< what is not in the outbox yet of the answer
};

}  // namespace millrace::detail
