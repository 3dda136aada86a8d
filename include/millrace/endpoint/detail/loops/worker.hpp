#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/endpoint/access_log.hpp>
#include <millrace/endpoint/detail/http/answer_headers.hpp>
#include <millrace/endpoint/detail/limits/connection_limits.hpp>
#include <millrace/endpoint/detail/loops/event_queue.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/detail/loops/mailbox.hpp>
#include <millrace/endpoint/detail/loops/record_queue.hpp>
#include <millrace/endpoint/detail/routes/pipeline_routes.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/endpoint/detail/sessions/forwarded_for.hpp>
#include <millrace/endpoint/detail/sessions/session_table.hpp>
#include <millrace/endpoint/detail/sessions/websocket_session.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/router.hpp>
#include <millrace/websocket/close_code.hpp>

namespace millrace::detail {

/// What one of an endpoint's loops does: it serves the connections that it was given. All that they
/// share, the guard and HTTP among it, is with `Endpoint` (see `endpoint_core`), in the first loop.
///
/// Everything runs in the loop's thread, but for what says otherwise.
template <class Endpoint>
class worker {
public:
    using stream_type = typename Endpoint::stream_type;
    using session_type = websocket_session<worker>;
    static constexpr bool has_access_log =
        !std::same_as<typename Endpoint::access_log_type, null_access_log>;

    /// For the first loop itself.
    worker(Endpoint& endpoint, asio::io_context& io) : worker{endpoint, io, true} {}

    /// For another, to which the first one's records are relayed.
    worker(Endpoint& endpoint, asio::io_context& io, const worker& first)
        : worker{endpoint, io, false} {
        record_queue_ =
            std::make_shared<record_queue>(first.loop_, first.mailbox_, loop_, mailbox_);
    }

    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// From the first loop: calls `f(worker&)` in this one, at once if it is the first.
    template <class Function>
    void run(Function f) {
        if (is_first_) {
            const loop::turn turn{*loop_};
            return f(*this);
        }
        mailbox_->post([this, f = std::move(f)]() mutable {
            const loop::turn turn{*loop_};
            f(*this);
        });
    }

    /// From the first loop: gives it a connection.
    void assign(stream_type stream, std::uint64_t id, connection_place place,
                std::chrono::nanoseconds now) {
        load_.fetch_add(1);
        run([stream = std::move(stream), id, place = std::move(place), now](worker& self) mutable {
            self.loop_->now = now;
            self.add(std::move(stream), id, std::move(place));
        });
    }

    /// From the first loop: acts on what timed out. A tick that finds the one before it waiting is
    /// left out.
    void tick(std::chrono::nanoseconds now) {
        if (is_tick_due_.exchange(true)) return;
        run([now](worker& self) {
            self.is_tick_due_ = false;
            self.loop_->now = now;
            self.sessions_.for_each([](session_type& each) { each.tick(); });
            self.loop_->tell_memory();
            if (self.is_first_) self.endpoint_.budget.tick();
        });
    }

    /// Sends `part` of the connections away, from 0 to 1: each has its moment, by its number,
    /// evenly spread without chance (the golden ratio's multiples).
    void drain(double part) {
        sessions_.for_each([&](session_type& each) {
            const double moment = static_cast<double>(each.id()) * 0.6180339887498949;
            if (moment - std::floor(moment) <= part)
                each.stop(websocket::close_code::service_restart, "server restarts");
        });
    }

    /// Sends the events that it has taken in on their way, and takes no more.
    void shut_event_queues() {
        for (const auto& each : event_queues_) each->shut();
    }

    /// Publishes what is on its way here, and closes all connections behind it.
    void stop(websocket::close_code code) {
        if (record_queue_) record_queue_->drain();
        sessions_.for_each([&](session_type& each) { each.stop(code, "server stops"); });
    }

    /// What the connections that hold the most hold, from the most on.
    [[nodiscard]] std::vector<std::size_t> largest() {
        std::vector<std::size_t> sizes;
        sessions_.for_each([&](session_type& each) { sizes.push_back(each.memory_bytes()); });
        const auto end = sizes.begin() + static_cast<std::ptrdiff_t>(
                                             std::min<std::size_t>(sizes.size(), max_largest));
        std::partial_sort(sizes.begin(), end, sizes.end(), std::greater<>{});
        sizes.erase(end, sizes.end());
        return sizes;
    }

    /// Ends those that hold the most: so many, or fewer if `bytes` are free then.
    void end_largest(std::size_t count, std::size_t bytes) {
        std::vector<std::pair<std::size_t, session_type*>> all;
        sessions_.for_each(
            [&](session_type& each) { all.emplace_back(each.memory_bytes(), &each); });
        std::make_heap(all.begin(), all.end());
        for (; count != 0 && bytes != 0 && !all.empty(); --count) {
            std::pop_heap(all.begin(), all.end());
            bytes -= std::min(bytes, all.back().first);
            all.back().second->end_for_memory();
            all.pop_back();
        }
        loop_->tell_memory();
    }

    void end_sessions() {
        sessions_.for_each([](session_type& each) { each.finish(); });
    }

    void add_routes(route_table routes, std::vector<std::shared_ptr<event_queue_base>> queues) {
        routes_.merge(routes);
        for (auto& each : queues) event_queues_.push_back(std::move(each));
    }

    /// Once the thread has ended.
    void clear_routes() {
        routes_.clear();
        event_queues_.clear();
    }

    /// Connections that it was given and that have not ended; from any thread.
    [[nodiscard]] std::size_t load() const noexcept { return load_.load(); }

    // What a session asks for.

    [[nodiscard]] const std::shared_ptr<loop>& shared_loop() const noexcept { return loop_; }
    [[nodiscard]] const endpoint_options& options() const noexcept { return endpoint_.options(); }
    [[nodiscard]] const answer_headers& headers() const noexcept { return endpoint_.headers(); }
    [[nodiscard]] bool is_stopping() const noexcept { return endpoint_.is_stopping(); }
    [[nodiscard]] bool is_draining() const noexcept { return endpoint_.is_draining(); }

    /// A time to measure durations by, exact at any moment.
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return endpoint_.clock.elapsed(); }

    void write_access(access_entry entry) {
        entry.time = endpoint_.clock.wall();
        loop_->contain([&] { endpoint_.access_log.write(entry); }, entry.connection);
    }

    [[nodiscard]] route* find_route(std::string_view path) const noexcept {
        const auto found = routes_.find(path);
        return found != routes_.end() ? found->second.get() : nullptr;
    }

    /// Requests of load balancers, which every guard lets pass.
    [[nodiscard]] static bool is_probe(const http::request& request) noexcept {
        return request.path() == "/healthz" || request.path() == "/readyz";
    }

    /// Who made a request that came from `peer`; the request is told whether it came by TLS.
    [[nodiscard]] std::string client_address(http::request& request,
                                             const std::string& peer) const {
        auto from =
            forwarded_for(request, peer, options().trusted_proxies, options().trusted_header);
        request.set_secure(from.is_secure.value_or(Endpoint::is_secure));
        return std::move(from.client);
    }

    /// `decide(verdict)` is called in this loop, at once in the first one where the guard knows at
    /// once.
    void admit(const std::shared_ptr<const http::request>& request,
               const std::string& remote_address, const verdict_handler& decide) {
        if (is_first_) return endpoint_.admit(request, remote_address, decide);
        endpoint_.post([request, remote_address, decide, mailbox = mailbox_](Endpoint& endpoint) {
            endpoint.admit(request, remote_address, [decide, mailbox](verdict said) {
                mailbox->post([decide, said = std::move(said)] { decide(said); });
            });
        });
    }

    /// `respond(answer)` is called in this loop.
    void serve_http(const std::shared_ptr<const http::request>& request, const http::caller& who,
                    const http::responder& respond) {
        if (is_first_) return endpoint_.serve_http(*request, who, respond);
        endpoint_.post([request, who, respond, mailbox = mailbox_](Endpoint& endpoint) {
            endpoint.serve_http(*request, who, [respond, mailbox](http::response answer) {
                mailbox->post([respond, answer = std::move(answer)]() mutable {
                    respond(std::move(answer));
                });
            });
        });
    }

    void remove(session_type& gone) {
        sessions_.remove(gone);
        forget_one();
    }

    [[nodiscard]] Endpoint& owner() const noexcept { return endpoint_; }
    [[nodiscard]] bool is_first() const noexcept { return is_first_; }
    [[nodiscard]] const std::shared_ptr<mailbox>& shared_mailbox() const noexcept {
        return mailbox_;
    }
    [[nodiscard]] const std::shared_ptr<record_queue>& shared_record_queue() const noexcept {
        return record_queue_;
    }

private:
    worker(Endpoint& endpoint, asio::io_context& io, bool is_first)
        : endpoint_{endpoint},
          loop_{std::make_shared<loop>(io)},
          mailbox_{std::make_shared<mailbox>(io)},
          is_first_{is_first} {
        loop_->on_growth = [this] { endpoint_.budget.on_growth(*this); };
    }

    static constexpr std::size_t max_largest = 256;

    void add(stream_type stream, std::uint64_t id, connection_place place) {
        std::shared_ptr<session_type> made;
        const bool is_made = loop_->contain([&] {
            made = std::make_shared<session_type>(*this, std::move(stream), id, std::move(place));
            sessions_.add(made);
        });
        if (!is_made) return forget_one();
        loop_->counters.connections = sessions_.size();
        if (!loop_->contain([&] { made->start(); })) made->finish();
    }

    void forget_one() {
        loop_->counters.connections = sessions_.size();
        load_.fetch_sub(1);
        if (is_stopping()) endpoint_.end_if_idle(is_first_);
    }

    Endpoint& endpoint_;
    std::shared_ptr<loop> loop_;
    std::shared_ptr<mailbox> mailbox_;
    std::shared_ptr<record_queue> record_queue_;  ///< none in the first loop
    route_table routes_;
    std::vector<std::shared_ptr<event_queue_base>> event_queues_;
    session_table<session_type> sessions_;
    std::atomic<std::size_t> load_{0};
    std::atomic<bool> is_tick_due_{false};
    bool is_first_;
};

}  // namespace millrace::detail
