#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/client/client.hpp>
#include <millrace/client/detail/outbox.hpp>
#include <millrace/client/handlers.hpp>
#include <millrace/client/options.hpp>
#include <millrace/codec/codec.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/transport/detail/ticker.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// What came from a feed.
struct feed_stats {
    std::uint64_t messages = 0;  ///< text messages
    std::uint64_t rejected = 0;  ///< events, or messages, that the pipeline's codec refused
    std::uint64_t binary = 0;    ///< binary messages, which are ignored
    std::error_code last_rejection{};
};

/// Makes an upstream feed (an exchange, a gateway) the input of a running pipeline: each text
/// message goes through the pipeline's codec, as if it were sent to an endpoint.
///
///     auto& bars = server.serve(from<trade>("trades") | ...);
///     millrace::from_websocket feed{io, bars, {.url = "ws://exchange.example/ws"},
///                                   {R"({"op":"subscribe","channel":"trades"})"}};
///
/// The subscriptions are sent whenever a connection opens. What the feed sends beside events, such
/// as the answer to a subscription, is counted as rejected. The pipeline is also told the time,
/// every 250 ms, so that windows close when the feed is silent. Its events go to the pipeline at
/// once: what is due closes first, and the loop waits for that.
///
/// It lives in the thread that runs its io_context, which must be the pipeline's, and must not
/// outlive the pipeline; handlers may destroy it where they may destroy a `client`, the pipeline's
/// sinks may not. `Running` is what `start` gives and what `endpoint::serve` refers to; or, of a
/// pipeline that has several, a source of it, which must not go before the feed:
///
///     auto nyse = running.source<0>();
///     millrace::from_websocket feed{io, nyse, {.url = "ws://exchange.example/ws"}};
template <class Running, class Transport = tcp, class Clock = system_clock>
class from_websocket {
public:
    using client_type = client<Transport, Clock>;

    /// On an io_context of its own, for `run`. `handlers` are the client's, but for its messages;
    /// `on_open` comes behind the subscriptions. @throws std::invalid_argument as `client` does,
    /// and for subscriptions that do not fit into `client_options::outbox_bytes` together
    from_websocket(Running& pipeline, client_options options,
                   std::vector<std::string> subscriptions = {}, client_handlers handlers = {},
                   Transport transport = {}, Clock clock = {})
        : from_websocket{std::make_unique<asio::io_context>(1),
                         nullptr,
                         pipeline,
                         std::move(options),
                         std::move(subscriptions),
                         std::move(handlers),
                         std::move(transport),
                         std::move(clock)} {}

    /// On the host's io_context, such as an endpoint's.
    from_websocket(asio::io_context& io, Running& pipeline, client_options options,
                   std::vector<std::string> subscriptions = {}, client_handlers handlers = {},
                   Transport transport = {}, Clock clock = {})
        : from_websocket{nullptr,
                         &io,
                         pipeline,
                         std::move(options),
                         std::move(subscriptions),
                         std::move(handlers),
                         std::move(transport),
                         std::move(clock)} {}

    from_websocket(const from_websocket&) = delete;
    from_websocket& operator=(const from_websocket&) = delete;
    ~from_websocket() { ticker_->stop(); }

    /// Runs the io_context until the feed has stopped and nothing else is left to do.
    void run() { io_.run(); }

    /// See `client::stop`. The pipeline goes on, without input.
    void stop() { client_.stop(); }

    [[nodiscard]] feed_stats stats() const noexcept { return stats_; }
    [[nodiscard]] client_type& connection() noexcept { return client_; }

    /// Acts on the clock's time at once.
    void tick() {
        pipeline_.tick();
        client_.tick();  // the last, for a handler may destroy this
    }

private:
    static constexpr std::chrono::milliseconds tick_interval{250};

    from_websocket(std::unique_ptr<asio::io_context> own, asio::io_context* host, Running& pipeline,
                   client_options options, std::vector<std::string> subscriptions,
                   client_handlers handlers, Transport transport, Clock clock)
        : own_io_{std::move(own)},
          io_{own_io_ ? *own_io_ : *host},
          pipeline_{pipeline},
          subscriptions_{fitting(std::move(subscriptions), options)},
          ticker_{
              std::make_shared<detail::ticker>(io_, tick_interval, [this] { tick_pipeline(); })},
          client_{io_, std::move(options), own_handlers(std::move(handlers)), std::move(transport),
                  std::move(clock)} {
        ticker_->start();
    }

    /// One that is behind is told the next time.
    void tick_pipeline() {
        if (!pipeline_.is_behind()) pipeline_.tick();
    }

    [[nodiscard]] static std::vector<std::string> fitting(std::vector<std::string> subscriptions,
                                                          const client_options& options) {
        constexpr std::size_t overhead =
            websocket::max_frame_header_bytes + detail::client_outbox::frame_overhead_bytes;
        std::size_t bytes = 0;
        for (const auto& each : subscriptions) bytes += each.size() + overhead;
        detail::require_option(bytes <= options.outbox_bytes,
                               "the subscriptions do not fit into outbox_bytes");
        return subscriptions;
    }

    /// The user's go with the client's own, which outlive this when one of them destroys it.
    [[nodiscard]] client_handlers own_handlers(client_handlers users) {
        client_handlers own = std::move(users);
        own.on_open = [this, then = std::move(own.on_open)] {
            for (const auto& each : subscriptions_) client_.send(each);
            if (then) then();
        };
        own.on_payload = [this](std::span<char> payload, websocket::opcode op) {
            receive(payload, op);
        };
        own.on_state = [this, then = std::move(own.on_state)](client_state state) {
            if (state == client_state::stopped) ticker_->stop();
            if (then) then(state);
        };
        return own;
    }

    void receive(std::span<char> payload, websocket::opcode op) {
        if (op != websocket::opcode::text) {
            ++stats_.binary;
            return;
        }
        ++stats_.messages;
        pipeline_.receive(payload, [this](const input_error& error) {
            ++stats_.rejected;
            stats_.last_rejection = error.code;
        });
    }

    std::unique_ptr<asio::io_context> own_io_;
    asio::io_context& io_;
    Running& pipeline_;
    std::vector<std::string> subscriptions_;
    feed_stats stats_;
    std::shared_ptr<detail::ticker> ticker_;
    client_type client_;
};

}  // namespace millrace
