#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/version.hpp>

#include <millrace/core/clock.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/endpoint/detail/http/answer_headers.hpp>
#include <millrace/endpoint/detail/limits/connection_limits.hpp>
#include <millrace/endpoint/detail/limits/memory_budget.hpp>
#include <millrace/endpoint/detail/limits/require_valid.hpp>
#include <millrace/endpoint/detail/logs/lost_lines.hpp>
#include <millrace/endpoint/detail/loops/listener.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/detail/loops/loop_thread.hpp>
#include <millrace/endpoint/detail/loops/worker.hpp>
#include <millrace/endpoint/detail/routes/served_paths.hpp>
#include <millrace/endpoint/detail/sessions/outbox.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/router.hpp>
#include <millrace/publish/topic.hpp>
#include <millrace/transport/address_list.hpp>
#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/timer.hpp>
#include <millrace/transport/transport.hpp>
#include <millrace/version.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// The state of an endpoint, kept alive by what is under way on its io_context.
///
/// From construction it accepts; `drain` sends connections away one after another; `stop` begins
/// the end, which is reached when none is left; `abandon` is the end at once. The first loop is the
/// io_context's one thread: everything here runs in it, but for what says otherwise.
template <class Transport, class Guard, class Clock, class AccessLog>
class endpoint_core
    : public std::enable_shared_from_this<endpoint_core<Transport, Guard, Clock, AccessLog>> {
public:
    using stream_type = typename Transport::stream;
    using access_log_type = AccessLog;
    using worker_type = worker<endpoint_core>;

    /// Whether its clients speak TLS to it.
    static constexpr bool is_secure = [] {
        if constexpr (requires { Transport::is_secure; }) return bool{Transport::is_secure};
        return false;
    }();

    /// @throws std::system_error when it cannot listen or have its threads, std::invalid_argument
    /// for options that it cannot keep to, or when the transport cannot serve several loops
    endpoint_core(asio::io_context& io, endpoint_options settings, Transport wire, Guard who,
                  Clock time, AccessLog accesses)
        : clock{std::move(time)},
          guard{std::move(who)},
          access_log{std::move(accesses)},
          options_{require_valid(std::move(settings))},
          headers_{options_},
          io_{io},
          transport_{std::move(wire)},
          listener_{*this, transport_.listen(io, {options_.address, options_.port})},
          timer_{io} {
        make_workers();
        for (const auto& each : workers_)
            each->shared_loop()->slice_bytes = budget.slice_bytes(workers_.size());
        first().shared_loop()->now = clock.elapsed();
    }

    void start() {
        tell_start();
        listener_.accept();
        arm_timer();
    }

    /// What the timer does at every tick.
    void tick() {
        const loop::turn turn{*shared_loop()};
        const auto now = clock.elapsed();
        for (const auto& each : workers_) each->tick(now);
        lost_lines_.look(lost_lines(access_log), *shared_loop());
        if (is_draining_ && !is_stopping_) drain_some();
        if (is_stopping_) {
            if (now >= stop_deadline_) end_now();
            return end_if_idle(true);
        }
        for (const auto& each : paths.pipelines()) {
            shared_loop()->contain([&] { each->tick(); });
            tell_unless_recorded(*each);
        }
        if (!is_draining_) listener_.resume();
    }

    /// Accepts nothing more, and closes the connections spread over `window`; then stops.
    void drain(std::chrono::milliseconds window) {
        if (is_draining_ || is_stopping_) return;
        is_draining_ = true;
        drain_begin_ = shared_loop()->now;
        drain_window_ = std::min(window, longest_time);
        listener_.close();
        drain_some();
    }

    /// The first call ends in good order, a second one at once.
    void stop() {
        const loop::turn turn{*shared_loop()};
        if (is_stopping_) return end_now();
        is_stopping_ = true;
        stop_deadline_ = shared_loop()->now + options_.stop_timeout;
        listener_.close();
        // Pipelines end behind the events that other loops have taken in.
        open_queues_ = workers_.size() - 1;
        if (open_queues_ == 0) return finish();
        for (std::size_t i = 1; i != workers_.size(); ++i)
            workers_[i]->run([endpoint = this->shared_from_this()](worker_type& w) {
                w.shut_event_queues();
                endpoint->post([](endpoint_core& core) {
                    if (--core.open_queues_ == 0) core.finish();
                });
            });
    }

    /// Ends everything at once, for the owner is going.
    void abandon() {
        is_stopping_ = is_finished_ = is_abandoned_ = true;
        on_end = nullptr;
        own_mailbox().close();
        listener_.close();
        timer_.cancel();
        end_sessions();
        for (const auto& each : workers_) each->shared_mailbox()->close();
        for (const auto& each : threads_) each->end();
        for (const auto& each : workers_) each->shared_loop()->forget();
        paths.clear();
    }

    /// From any thread.
    bool publish(topic& to, std::string_view message, std::string_view key) {
        if (io_.get_executor().running_in_this_thread()) {
            const loop::turn turn{*shared_loop()};
            to.publish(message, key);
            return true;
        }
        const std::size_t size = message.size() + outbox::message_overhead_bytes;
        if (unpublished_bytes_.fetch_add(size) + size > options_.outbox_bytes) {
            unpublished_bytes_.fetch_sub(size);
            return false;
        }
        post([&to, message = std::string{message}, key = std::string{key}, size](auto& core) {
            core.unpublished_bytes_.fetch_sub(size);
            to.publish(message, key);
        });
        return true;
    }

    // What workers ask for, from any thread.

    [[nodiscard]] const endpoint_options& options() const noexcept { return options_; }
    [[nodiscard]] const answer_headers& headers() const noexcept { return headers_; }
    [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_; }
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }

    /// Calls `f(endpoint_core&)` in the first loop, unless this is abandoned by then.
    template <class Function>
    void post(Function f) {
        own_mailbox().post([self = this->shared_from_this(), f = std::move(f)]() mutable {
            if (self->is_abandoned_) return;
            const loop::turn turn{*self->shared_loop()};
            f(*self);
        });
    }

    /// To be called after a connection's end while this is stopping.
    void end_if_idle(bool is_first_loop) {
        if (!is_first_loop) {
            if (connections() == 0) post([](endpoint_core& core) { core.end_if_idle(true); });
            return;
        }
        if (!is_finished_ || connections() != 0 || std::exchange(is_end_told_, true)) return;
        timer_.cancel();
        shared_loop()->tell(log_severity::info, log_event::stopped, 0,
                            "all connections have ended");
        if (const auto call = std::exchange(on_end, nullptr)) call();
    }

    // What workers ask for, in the first loop.

    /// `decide(verdict)` is called in this loop, at once where the guard knows at once.
    void admit(const std::shared_ptr<const http::request>& request,
               const std::string& remote_address, const verdict_handler& decide) {
        const bool is_asked = shared_loop()->contain([&] {
            if constexpr (synchronous_guard<Guard>) {
                decide(verdict{guard.admit(*request, remote_address)});
            } else {
                guard.admit(request, remote_address,
                            [box = first().shared_mailbox(), decide](verdict said) {
                                box->post([decide, said = std::move(said)] { decide(said); });
                            });
            }
        });
        if (!is_asked) decide(errc::handler_failed);
    }

    void serve_http(const http::request& request, const http::caller& who,
                    const http::responder& respond) {
        if (!shared_loop()->contain([&] { paths.http.serve(request, who, respond); }))
            respond(http::error_response(make_error_code(errc::handler_failed)));
    }

    // What the endpoint and its listener ask for.

    [[nodiscard]] const auto& workers() const noexcept { return workers_; }

    /// Open in all loops; from any thread.
    [[nodiscard]] std::size_t connections() const noexcept {
        std::size_t all = 0;
        for (const auto& each : workers_) all += each->load();
        return all;
    }

    [[nodiscard]] const std::shared_ptr<loop>& shared_loop() const noexcept {
        return first().shared_loop();
    }
    [[nodiscard]] bool is_abandoned() const noexcept { return is_abandoned_; }
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

    /// What connections hold in memory, in all loops; from any thread.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        std::size_t all = 0;
        for (const auto& each : workers_) all += each->shared_loop()->counters.memory_bytes;
        return all;
    }

    /// Of all loops; from any thread.
    [[nodiscard]] endpoint_counters counters() const {
        endpoint_counters all;
        for (const auto& each : workers_) all += each->shared_loop()->counters;
        return all;
    }

    Clock clock;
    Guard guard;
    AccessLog access_log;
    served_paths<worker_type> paths{workers_};
    memory_budget<endpoint_core> budget{*this};
    const std::shared_ptr<connection_limits> limits = std::make_shared<connection_limits>(options_);
    /// Called when the end is reached.
    std::function<void()> on_end;

private:
    [[nodiscard]] worker_type& first() const noexcept { return *workers_.front(); }
    [[nodiscard]] mailbox& own_mailbox() const noexcept { return *first().shared_mailbox(); }

    void make_workers() {
        std::size_t loops = options_.loops;
        if (loops == 0) loops = std::max(1u, std::thread::hardware_concurrency());
        if (loops > 1 && !distributing_transport<Transport>)
            throw std::invalid_argument("millrace: this transport serves one loop only");
        workers_.push_back(std::make_unique<worker_type>(*this, io_));
        first().shared_loop()->log = options_.log;
        while (workers_.size() != loops) {
            threads_.push_back(std::make_unique<loop_thread>());
            workers_.push_back(std::make_unique<worker_type>(*this, threads_.back()->io, first()));
            workers_.back()->shared_loop()->log = options_.log;
            threads_.back()->start([loop = workers_.back()->shared_loop()](std::string_view what) {
                loop->on_handler_error(0, what);
            });
        }
    }

    [[nodiscard]] static std::string version_text() {
        const auto number = [](int n) { return std::to_string(n); };
        return number(MILLRACE_VERSION_MAJOR) + "." + number(MILLRACE_VERSION_MINOR) + "." +
               number(MILLRACE_VERSION_PATCH) + " with Asio " + number(ASIO_VERSION / 100'000) +
               "." + number(ASIO_VERSION / 100 % 1'000) + "." + number(ASIO_VERSION % 100);
    }

    void tell_start() {
        std::string where = options_.address.empty() ? "every address" : options_.address;
        if (port() != 0) where.append(", port ").append(std::to_string(port()));
        if (address_list{"127.0.0.0/8", "::1"}.contains(options_.address))
            where +=
                ", which only this machine reaches (address = \"\" opens it to all its networks)";
        shared_loop()->tell(log_severity::info, log_event::started, 0,
                            "millrace " + version_text() + " listens on " + where +
                                ", loops: " + std::to_string(workers_.size()));
    }

    /// The pipelines' last records go out, and then the connections.
    void finish() {
        if (std::exchange(is_finished_, true)) return;
        const loop::turn turn{*shared_loop()};
        for (const auto& each : paths.pipelines()) each->end_turns();
        for (const auto& each : paths.event_queues()) {
            each->drain();
            each->close();
        }
        for (const auto& each : paths.pipelines()) {
            const auto finish_one = [&] { tell_unless_durable(*each, each->finish()); };
            if (!shared_loop()->contain(finish_one)) shared_loop()->contain(finish_one);
        }
        const auto code = is_draining_ ? websocket::close_code::service_restart
                                       : websocket::close_code::going_away;
        for (const auto& each : workers_) {
            if (each->shared_record_queue()) each->shared_record_queue()->flush();
            each->run([code](worker_type& w) { w.stop(code); });
        }
        end_if_idle(true);
    }

    void tell_unless_durable(const served_pipeline& which, std::error_code error) {
        if (!error) return;
        const std::string input{which.snapshot().input};
        shared_loop()->tell(
            log_severity::error, log_event::storage_failed, 0,
            "pipeline " + input + ": not all rows are durable at the end: " + error.message());
    }

    void tell_unless_recorded(served_pipeline& which) {
        const std::error_code error = which.recording_error();
        if (!error || std::exchange(which.has_told_recording_error, true)) return;
        shared_loop()->tell(
            log_severity::error, log_event::recording_failed, 0,
            "pipeline " + which.input() + ": its input is recorded no more: " + error.message());
    }

    void end_now() {
        finish();
        end_sessions();
    }

    void end_sessions() {
        for (const auto& each : workers_) each->run([](worker_type& w) { w.end_sessions(); });
    }

    void drain_some() {
        const auto passed = shared_loop()->now - drain_begin_;
        if (passed >= drain_window_ || connections() == 0) return stop();
        const double part = std::chrono::duration<double>{passed} / drain_window_;
        for (const auto& each : workers_) each->run([part](worker_type& w) { w.drain(part); });
    }

    void arm_timer() {
        timer_.start(options_.tick_interval,
                     callback{[self = this->shared_from_this()](std::error_code error) {
                         if (error) return;
                         self->tick();
                         if (!self->is_finished_ || self->connections() != 0) self->arm_timer();
                     }});
    }

    endpoint_options options_;
    answer_headers headers_;
    asio::io_context& io_;
    Transport transport_;
    listener<endpoint_core, Transport> listener_;
    timer timer_;
    lost_lines_notice lost_lines_;
    std::vector<std::unique_ptr<worker_type>> workers_;
    std::vector<std::unique_ptr<loop_thread>> threads_;  ///< of all workers but the first
    std::atomic<std::size_t> unpublished_bytes_{0};      ///< given to `publish` by other threads
    std::size_t open_queues_ = 0;  ///< loops that may still send events, once stopping
    std::chrono::nanoseconds stop_deadline_{};
    std::chrono::nanoseconds drain_begin_{};
    std::chrono::nanoseconds drain_window_{};
    std::atomic<bool> is_draining_{false};
    std::atomic<bool> is_stopping_{false};
    bool is_finished_ = false;  ///< the pipelines are
    bool is_abandoned_ = false;
    bool is_end_told_ = false;
};

}  // namespace millrace::detail
