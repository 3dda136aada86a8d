#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <asio/io_context.hpp>

#include <millrace/core/clock.hpp>
#include <millrace/endpoint/access_log.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/http/file_routes.hpp>
#include <millrace/endpoint/detail/http/http_routes.hpp>
#include <millrace/endpoint/detail/loops/core.hpp>
#include <millrace/endpoint/detail/loops/signals.hpp>
#include <millrace/endpoint/detail/routes/topic_route.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#include <millrace/endpoint/message_handler.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/prometheus_metrics.hpp>
#include <millrace/http/static_files.hpp>
#include <millrace/journal/journal.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/publish/detail/publication.hpp>
#include <millrace/transport/detail/post.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// A WebSocket and HTTP server for pipelines, in one thread or, with `endpoint_options::loops`, in
/// several.
///
///     millrace::endpoint<millrace::tcp> server{{.port = 8080}};
///     server.serve(std::move(bars), {.duplex_path = "/ws"});
///     server.files("/", "www");
///     server.run();
///
/// It listens from its construction and serves while its io_context runs. WebSocket paths:
/// `/INPUT`, of each input of a pipeline, takes events, `/TOPIC` streams what is published
/// (`?key=VALUE`: of one key), a `duplex_path` is both. Over HTTP: /healthz, /readyz, /metrics,
/// /api/topics, /api/topics/NAME?key=&from=&to=&limit=,
/// /api/topology?pipeline=&format=json|mermaid|text (see millrace/pipeline/topology.hpp) and
/// `files`; POST to a path that takes events takes a body of them as a message, up to
/// `max_message_bytes` and with a Content-Length, and answers
/// {"accepted":2,"rejected":1,"errors":[...]} once the pipeline has taken them. Where no files are
/// at "/", it says what is there.
///
/// What a pipeline, a guard or an HTTP route does, it does in the first loop: the endpoint's
/// thread. Connections are spread over all loops. A handler of `on_message` runs in its
/// connection's: each loop has a copy of its own, and what copies share has to be safe for that.
/// Events of one connection reach their pipeline in order, and records reach each follower in
/// order; between connections of different loops there is none.
///
/// Where a pipeline throws at an event (an operator or an analyzer of the user's does), its sender
/// is closed with 1011. That event alone is lost, which `pipeline_stats::failed` counts: what came
/// with it and what had come by the close is taken, in one loop as in several. A post is answered
/// with 500 and how many of its events were taken. With `errors_to` nobody is closed.
///
/// Who may do what of this is `endpoint_options::may`; a handler of `on_message` decides by its own
/// `admit`, and files are for all whom the guard lets pass. A parameter `key` that is given twice
/// is refused with 400.
///
/// Only `stop`, `drain`, `post` and `publish` may be called from other threads while it runs.
///
/// @tparam Transport see millrace/transport/transport.hpp
/// @tparam Guard who may connect, see millrace/endpoint/guard.hpp; by default all but pages of
/// other sites, see `origin_guard`
/// @tparam Metrics what /metrics says, see millrace/endpoint/metrics.hpp
/// @tparam Clock the wall's time and the time that passes, see millrace/core/clock.hpp
/// @tparam AccessLog who gets a line for each request, see millrace/endpoint/access_log.hpp
template <class Transport = tcp, class Guard = origin_guard, class Metrics = prometheus_metrics,
          class Clock = system_clock, class AccessLog = null_access_log>
class endpoint {
    static constexpr bool are_policies_right = [] {
        require_transport<Transport>();
        require_guard<Guard>();
        require_metrics<Metrics>();
        require_clock<Clock>();
        require_access_log<AccessLog>();
        return true;
    }();
    static_assert(are_policies_right);
    static constexpr bool is_reopened = requires(AccessLog & log) { log.reopen(); };
    using core = detail::endpoint_core<Transport, Guard, Clock, AccessLog>;

public:
    /// With an io_context of its own. @throws std::system_error when it cannot listen,
    /// std::invalid_argument for options that it cannot keep to, such as a time of 0 ms.
    explicit endpoint(endpoint_options options = {}, Transport transport = {}, Guard guard = {},
                      Clock clock = {}, AccessLog access_log = {})
        : own_io_{std::make_unique<asio::io_context>(1)},
          io_{*own_io_},
          core_{make_core(std::move(options), std::move(transport), std::move(guard),
                          std::move(clock), std::move(access_log))} {}

    /// On the host's io_context, which one thread may run and which must outlive this.
    explicit endpoint(asio::io_context& io, endpoint_options options = {}, Transport transport = {},
                      Guard guard = {}, Clock clock = {}, AccessLog access_log = {})
        : io_{io},
          core_{make_core(std::move(options), std::move(transport), std::move(guard),
                          std::move(clock), std::move(access_log))} {}

    endpoint(const endpoint&) = delete;
    endpoint& operator=(const endpoint&) = delete;

    /// Ends all connections at once; see `stop` for good order. Nothing may run the io_context
    /// meanwhile, but the thread that destroys; other loops end here, so that it is not for their
    /// handlers to do.
    ~endpoint();

    /// Starts a pipeline, of which any number may be served. The reference is to the running
    /// pipeline, and valid until the endpoint is destroyed. On an endpoint windows close 1,000 a
    /// turn (see `running_pipeline::close_in_slices`); what you push yourself first waits until all
    /// that is due has closed. What it takes is kept by `keep_in`, see `record_to`: what cannot be
    /// kept any more is logged, and the pipeline goes on.
    /// @throws std::invalid_argument when a path is taken, when `when_full` or `duplex_topics` name
    /// no topic of it, and for `duplex_topics` without a `duplex_path`;
    /// std::system_error when a storage does not open.
    template <class Description, journal Journal = null_journal>
    auto& serve(Description description, const serve_options& options = {}, Journal keep_in = {}) {
        auto published = std::make_shared<detail::publication>();
        topology made_of = describe(description);
        auto running = start(
            std::move(description),
            detail::publisher{published, policies_of(options), poster(), core_->options().log},
            clock_view{core_->clock}, std::move(keep_in));
        detail::require_topics(published->topics, policies_of(options));
        auto served = std::make_unique<detail::served<decltype(running)>>(std::move(running),
                                                                          std::move(made_of));
        auto& pipeline = served->running;
        core_->paths.add_pipeline(std::move(served), std::move(published), options);
        return pipeline;
    }

    /// Opens a topic for messages of the user's own, which "/NAME" streams; the reference is valid
    /// until the endpoint is destroyed. @throws std::invalid_argument when the path is taken, when
    /// `when_full` names another topic, or for a duplex path, which only a pipeline has.
    topic& add_topic(const std::string& name, const serve_options& options = {});

    /// Sends a text message, which must be valid UTF-8, to all who follow a topic of `add_topic` or
    /// only its `key`; from any thread, in whose order messages stay. False if it will not be sent:
    /// more than `outbox_bytes` wait for the endpoint's thread.
    bool publish(topic& to, std::string_view message, std::string_view key = {});

    /// Takes the messages of a path as they are: see `message_handler`.
    /// @throws std::invalid_argument when the path is taken or none of a request, or when several
    /// loops would share a handler that cannot be copied.
    template <class Handler>
    void on_message(const std::string& path, Handler handler) {
        require_message_handler<Handler>();
        using made = detail::raw_route<Handler>;
        if constexpr (std::copy_constructible<Handler>) {
            core_->paths.add_route(path, [&] { return std::make_unique<made>(handler); });
        } else {
            if (core_->workers().size() > 1)
                throw std::invalid_argument("millrace: several loops need a handler to copy");
            core_->paths.add_route(path,
                                   [&] { return std::make_unique<made>(std::move(handler)); });
        }
    }

    /// Serves the files of a directory under all paths that begin with `prefix` and have no other
    /// route: see `http::static_files`. Unless `endpoint_options::extra_headers` say otherwise,
    /// pages are framed by no other site (X-Frame-Options) and their address, which may hold a
    /// token, is told to nobody (Referrer-Policy); a Content-Security-Policy is yours to set.
    /// @throws std::invalid_argument when the prefix is taken, or does not begin and end with a
    /// slash; std::filesystem::filesystem_error when there is no such directory.
    void files(const std::string& prefix, const std::filesystem::path& directory) {
        detail::add_file_routes(core_->paths.http, prefix, directory, core_->options(),
                                core_->headers());
    }

    /// Runs the io_context, the first loop, until `stop` has come to its end or the context is
    /// stopped. With an io_context of its own, SIGINT and SIGTERM call `stop`, and SIGHUP has the
    /// access log opened anew (`endpoint_options::handle_signals`).
    void run();

    /// Ends in good order, from any thread, also from a handler: accepts nothing more, finishes the
    /// pipelines (windows close, storages flush), closes every connection with 1001 behind its last
    /// records, and waits for them up to `stop_timeout`. A second call ends at once.
    void stop();

    /// Makes way for another process, from any thread: accepts nothing more, /readyz says 503, and
    /// connections are closed with 1012, spread over `window`, so that not all clients connect
    /// again at once; then `stop`.
    void drain(std::chrono::milliseconds window);

    /// Calls `f()` in the endpoint's thread, unless the endpoint is gone by then: the way to a
    /// running endpoint from another thread.
    template <class Function>
    void post(Function f) {
        core_->post([f = std::move(f)](core&) mutable { f(); });
    }

    /// The port it listens on.
    [[nodiscard]] std::uint16_t port() const { return core_->port(); }

    [[nodiscard]] Clock& clock() noexcept { return core_->clock; }
    [[nodiscard]] Guard& guard() noexcept { return core_->guard; }

    /// Looks at timeouts and tells the pipelines the time; otherwise done every `tick_interval`.
    void tick();

    /// What it has counted, in all loops; in the endpoint's thread.
    [[nodiscard]] endpoint_snapshot snapshot() const;

private:
    std::shared_ptr<core> make_core(endpoint_options options, Transport transport, Guard guard,
                                    Clock clock, AccessLog access_log);

    [[nodiscard]] topic_policies policies_of(const serve_options& options) const {
        return {core_->options().when_full, options.when_full};
    }

    [[nodiscard]] detail::job_poster poster() const {
        return [&io = io_](std::function<void()> job) { detail::post(io, std::move(job)); };
    }

    void catch_signals() {
        core_->on_end = [this] { signals_.stop(); };
        signals_.start(io_, is_reopened, [this](int number) {
            if constexpr (is_reopened) {
                if (number == SIGHUP) return core_->access_log.reopen();
            }
            core_->stop();
        });
    }

    std::unique_ptr<asio::io_context> own_io_;
    asio::io_context& io_;
    std::shared_ptr<core> core_;
    detail::signals signals_;
};

// Out of the class, so that a program that links `millrace::compiled` does not make them again.

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
endpoint<Transport, Guard, Metrics, Clock, AccessLog>::~endpoint() {
    core_->abandon();
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
void endpoint<Transport, Guard, Metrics, Clock, AccessLog>::run() {
    if (own_io_ && core_->options().handle_signals) catch_signals();
    io_.run();
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
void endpoint<Transport, Guard, Metrics, Clock, AccessLog>::stop() {
    core_->post([](core& self) { self.stop(); });
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
void endpoint<Transport, Guard, Metrics, Clock, AccessLog>::drain(
    std::chrono::milliseconds window) {
    core_->post([window](core& self) { self.drain(window); });
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
bool endpoint<Transport, Guard, Metrics, Clock, AccessLog>::publish(topic& to,
                                                                    std::string_view message,
                                                                    std::string_view key) {
    return core_->publish(to, message, key);
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
void endpoint<Transport, Guard, Metrics, Clock, AccessLog>::tick() {
    const auto keep = core_;  // a handler may destroy this
    keep->tick();
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
endpoint_snapshot endpoint<Transport, Guard, Metrics, Clock, AccessLog>::snapshot() const {
    return detail::snapshot_of_core(*core_);
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
auto endpoint<Transport, Guard, Metrics, Clock, AccessLog>::make_core(endpoint_options options,
                                                                      Transport transport,
                                                                      Guard guard, Clock clock,
                                                                      AccessLog access_log)
    -> std::shared_ptr<core> {
    auto made = std::make_shared<core>(io_, std::move(options), std::move(transport),
                                       std::move(guard), std::move(clock), std::move(access_log));
    detail::add_http_routes<Metrics>(*made);
    made->start();
    return made;
}

template <class Transport, class Guard, class Metrics, class Clock, class AccessLog>
topic& endpoint<Transport, Guard, Metrics, Clock, AccessLog>::add_topic(
    const std::string& name, const serve_options& options) {
    if (!options.duplex_path.empty() || !options.duplex_topics.empty())
        throw std::invalid_argument("millrace: a topic without a pipeline has no duplex path");
    auto published = std::make_shared<detail::publication>();
    published->topics.push_back(
        std::make_shared<topic>(name, std::string{}, policies_of(options).of(name)));
    detail::require_topics(published->topics, policies_of(options));
    topic& made = *published->topics.front();
    core_->paths.add_topic(std::move(published));
    return made;
}

#ifdef MILLRACE_COMPILED
extern template class detail::served_paths<
    detail::worker<detail::endpoint_core<tcp, origin_guard, system_clock, null_access_log>>>;
extern template class endpoint<>;
#endif

}  // namespace millrace
