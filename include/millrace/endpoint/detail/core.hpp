#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <millrace/core/clock.hpp>
#include <millrace/endpoint/detail/loop.hpp>
#include <millrace/endpoint/detail/mailbox.hpp>
#include <millrace/endpoint/detail/monotonic.hpp>
#include <millrace/endpoint/detail/served_pipeline.hpp>
#include <millrace/endpoint/detail/session.hpp>
#include <millrace/endpoint/detail/session_table.hpp>
#include <millrace/endpoint/forwarded_for.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/http_router.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/publisher.hpp>
#include <millrace/endpoint/route.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/request.hpp>

namespace millrace::detail {

/// The state of an endpoint, kept alive by what is under way on its io_context.
///
/// From construction it accepts; `drain` sends connections away one after another; `stop` begins
/// the end, which is reached when no session is left; `abandon` is the end at once. Everything runs
/// in the io_context's one thread.
template <class Transport, class Guard, class Clock>
class endpoint_core : public std::enable_shared_from_this<endpoint_core<Transport, Guard, Clock>> {
public:
    using stream_type = typename Transport::stream;
    using session_type = session<endpoint_core>;

    /// @throws std::system_error when it cannot listen.
    endpoint_core(asio::io_context& io, endpoint_options settings, Transport wire, Guard who,
                  Clock time)
        : clock{std::move(time)},
          guard{std::move(who)},
          options_{std::move(settings)},
          loop_{std::make_shared<loop>(io)},
          mailbox_{std::make_shared<mailbox>(io)},
          transport_{std::move(wire)},
          acceptor_{transport_.listen(io, {options_.address, options_.port})},
          timer_{io} {
        loop_->now = monotonic_now(clock);
    }

    void start() {
        accept();
        arm_timer();
    }

    /// What the timer does at every tick.
    void tick() {
        const loop::turn turn{*loop_};
        loop_->now = monotonic_now(clock);
        sessions_.for_each([](session_type& each) { each.tick(); });
        if (is_draining_ && !is_stopping_) drain_some();
        if (is_stopping_) {
            if (loop_->now >= stop_deadline_) end_sessions();
            return end_if_idle();
        }
        for (const auto& each : pipelines_) contain([&] { each->tick(clock.now()); });
        if (std::exchange(is_accept_paused_, false) && !is_draining_) accept();
    }

    /// Accepts nothing more, and closes the connections spread over `window`; then stops.
    void drain(std::chrono::milliseconds window) {
        if (is_draining_ || is_stopping_) return;
        is_draining_ = true;
        drain_begin_ = loop_->now;
        drain_window_ = window;
        acceptor_.close();
        drain_some();
    }

    /// The first call ends in good order, a second one at once.
    void stop() {
        const loop::turn turn{*loop_};
        if (is_stopping_) return end_sessions();
        is_stopping_ = true;
        stop_deadline_ = loop_->now + options_.stop_timeout;
        acceptor_.close();
        for (const auto& each : pipelines_) contain([&] { each->finish(); });
        const auto code = is_draining_ ? websocket::close_code::service_restart
                                       : websocket::close_code::going_away;
        sessions_.for_each([&](session_type& each) { each.stop(code, "server stops"); });
        end_if_idle();
    }

    /// Ends everything at once, for the owner is going.
    void abandon() {
        is_stopping_ = is_abandoned_ = true;
        on_end = nullptr;
        mailbox_->close();
        acceptor_.close();
        timer_.cancel();
        end_sessions();
        routes_.clear();
        http = {};
        publications_.clear();
        pipelines_.clear();
    }

    /// @throws std::invalid_argument when the path is taken.
    void add_route(const std::string& path, std::unique_ptr<route> to) {
        require_free(path);
        routes_.emplace(path, std::move(to));
    }

    using named_route = std::pair<std::string, std::unique_ptr<route>>;

    /// All of a pipeline's routes or, when a path is taken, nothing.
    /// @throws std::invalid_argument
    void add_pipeline(std::unique_ptr<served_pipeline> pipeline,
                      std::shared_ptr<publication> published, std::vector<named_route> routes) {
        std::map<std::string, std::unique_ptr<route>, std::less<>> added;
        for (auto& [path, to] : routes) {
            require_free(path);
            if (!added.emplace(path, std::move(to)).second) refuse_path(path);
        }
        pipelines_.push_back(std::move(pipeline));
        publications_.push_back(std::move(published));
        routes_.merge(added);
    }

    void require_free(std::string_view path) const {
        if (!path.starts_with('/'))
            throw std::invalid_argument("millrace: a path begins with a slash: \"" +
                                        std::string{path} + "\"");
        const bool is_reserved = path.starts_with("/api/topics/");
        if (is_reserved || http.has(path) || routes_.find(path) != routes_.end()) refuse_path(path);
    }

    // What a session asks for.

    [[nodiscard]] std::shared_ptr<loop> shared_loop() const noexcept { return loop_; }
    [[nodiscard]] const endpoint_options& options() const noexcept { return options_; }
    [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }

    [[nodiscard]] bool is_abandoned() const noexcept { return is_abandoned_; }

    [[nodiscard]] route* find_route(std::string_view path) const noexcept {
        const auto found = routes_.find(path);
        return found != routes_.end() ? found->second.get() : nullptr;
    }

    /// Requests of load balancers, which every guard lets pass.
    [[nodiscard]] static bool is_probe(const websocket::request& request) noexcept {
        return request.path() == "/healthz" || request.path() == "/readyz";
    }

    /// Who made a request that came from `peer`.
    [[nodiscard]] std::string client_address(const websocket::request& request,
                                             const std::string& peer) const {
        return forwarded_for(request.header("X-Forwarded-For"), peer, options_.trusted_proxies);
    }

    /// `decide(verdict)` is called in this thread, at once where the guard knows at once.
    template <class Decide>
    void admit(const std::shared_ptr<const websocket::request>& request,
               const std::string& remote_address, Decide decide) {
        if constexpr (synchronous_guard<Guard>) {
            decide(verdict{guard.admit(*request, remote_address)});
        } else {
            guard.admit(request, remote_address, [mailbox = mailbox_, decide](verdict said) {
                mailbox->post([decide, said = std::move(said)] { decide(said); });
            });
        }
    }

    /// False if the address has as many connections as it may.
    [[nodiscard]] bool enter(const std::string& address) {
        return sessions_.enter(address, options_.max_connections_per_address);
    }
    void leave(const std::string& address) { sessions_.leave(address); }
    void end_handshake() noexcept { --handshakes_; }

    void serve_http(const websocket::request& request, const responder& respond) const {
        http.serve(request, respond);
    }

    void remove(session_type& gone) {
        sessions_.remove(gone);
        loop_->counters.connections = sessions_.size();
        if (is_stopping_) end_if_idle();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.port(); }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }
    [[nodiscard]] const auto& pipelines() const noexcept { return pipelines_; }
    [[nodiscard]] const auto& publications() const noexcept { return publications_; }

    Clock clock;
    Guard guard;
    http_router http;
    /// Called when the end is reached.
    std::function<void()> on_end;

private:
    /// Connections beyond the limit that are told so; still more are dropped.
    static constexpr std::size_t max_surplus = 64;

    [[noreturn]] static void refuse_path(std::string_view path) {
        throw std::invalid_argument("millrace: the path \"" + std::string{path} +
                                    "\" is taken already");
    }

    void accept() {
        acceptor_.async_accept(
            [self = this->shared_from_this()](std::error_code error, stream_type stream) {
                self->on_accept(error, std::move(stream));
            });
    }

    void on_accept(std::error_code error, stream_type stream) {
        if (is_stopping_ || is_draining_) return;
        loop_->now = monotonic_now(clock);
        if (!error) {
            add_session(std::move(stream));
        } else {
            ++loop_->counters.accept_errors;
            // The peer's change of mind is no reason to pause; lack of descriptors or memory is.
            if (error != asio::error::connection_aborted) {
                is_accept_paused_ = true;
                return;
            }
        }
        accept();
    }

    void add_session(stream_type stream) {
        const bool is_surplus =
            sessions_.size() >= options_.max_connections || handshakes_ >= options_.max_handshakes;
        if (is_surplus) ++loop_->counters.refused;
        if (sessions_.size() >= options_.max_connections + max_surplus ||
            handshakes_ >= options_.max_handshakes + max_surplus)
            return;
        ++loop_->counters.accepted;
        contain([&] {
            auto made = std::make_shared<session_type>(*this, std::move(stream),
                                                       loop_->counters.accepted, is_surplus);
            ++handshakes_;
            sessions_.add(made);
            loop_->counters.connections = sessions_.size();
            made->start();
        });
    }

    void end_sessions() {
        sessions_.for_each([](session_type& each) { each.finish(); });
    }

    /// Each connection has its moment in the window, by its number: evenly spread, without chance
    /// (the golden ratio's multiples).
    void drain_some() {
        const loop::turn turn{*loop_};
        const auto passed = loop_->now - drain_begin_;
        if (passed >= drain_window_ || sessions_.empty()) return stop();
        const double part = std::chrono::duration<double>{passed} / drain_window_;
        sessions_.for_each([&](session_type& each) {
            const double moment = static_cast<double>(each.id()) * 0.6180339887498949;
            if (moment - std::floor(moment) <= part)
                each.stop(websocket::close_code::service_restart, "server restarts");
        });
    }

    void end_if_idle() {
        if (!sessions_.empty()) return;
        timer_.cancel();
        if (const auto call = std::exchange(on_end, nullptr)) call();
    }

    void arm_timer() {
        timer_.expires_after(options_.tick_interval);
        timer_.async_wait([self = this->shared_from_this()](std::error_code error) {
            if (error) return;
            self->tick();
            if (!self->is_stopping_ || !self->sessions_.empty()) self->arm_timer();
        });
    }

    template <class Function>
    void contain(Function&& call) noexcept {
        try {
            call();
        } catch (...) {
            ++loop_->counters.handler_errors;
        }
    }

    endpoint_options options_;
    std::shared_ptr<loop> loop_;
    std::shared_ptr<mailbox> mailbox_;
    Transport transport_;
    typename Transport::acceptor acceptor_;
    asio::steady_timer timer_;
    std::map<std::string, std::unique_ptr<route>, std::less<>> routes_;
    std::vector<std::unique_ptr<served_pipeline>> pipelines_;
    std::vector<std::shared_ptr<publication>> publications_;
    session_table<session_type> sessions_;
    std::size_t handshakes_ = 0;  ///< connections that have made no request yet
    std::chrono::nanoseconds stop_deadline_{};
    std::chrono::nanoseconds drain_begin_{};
    std::chrono::nanoseconds drain_window_{};
    bool is_draining_ = false;
    bool is_stopping_ = false;
    bool is_abandoned_ = false;
    bool is_accept_paused_ = false;
};

}  // namespace millrace::detail
