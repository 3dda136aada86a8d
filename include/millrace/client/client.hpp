#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/client/detail/core.hpp>
#include <millrace/client/handlers.hpp>
#include <millrace/client/options.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/transport.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// A WebSocket client (RFC 6455) that connects again by itself.
///
///     millrace::client<> bars{{.url = "ws://localhost:8080/bars"},
///                             {.on_message = [](std::string_view text, auto) { use(text); }}};
///     bars.run();
///
/// It connects from its construction, while its io_context runs. Every end but `stop` is followed
/// by another attempt, by full-jitter backoff. Redirects are not followed.
///
/// `send`, `send_binary`, `close`, `stop`, `post`, `state` and `queued_bytes` may be called from
/// any thread; the rest, and the destructor, in the io_context's thread or while none runs it.
/// Memory: 64 KB, a message in parts, a compressor's, and twice what has waited at a time to be
/// sent: it is kept, so that in a steady state nothing is allocated for what is sent.
///
/// @tparam Transport see `connecting_transport` in millrace/transport/transport.hpp
/// @tparam Clock what timeouts are measured by, see millrace/core/clock.hpp
/// @tparam Random a uniform random bit generator of 32 bits or more, for masking keys, nonces and
/// waits. It must be strong (RFC 6455, sections 5.3 and 10.3): std::random_device is, with GNU's
/// and LLVM's library on Linux, where it asks the processor or the kernel.
template <class Transport = tcp, class Clock = system_clock, class Random = std::random_device>
class client {
    static constexpr bool are_policies_right = [] {
        require_transport<Transport>();
        static_assert(connecting_transport<Transport>,
                      "client needs: a transport with async_connect(asio::io_context&, const "
                      "connect_options&, f) (see millrace/transport/transport.hpp)");
        require_clock<Clock>();
        static_assert(Random::max() - Random::min() >= UINT32_MAX,
                      "client needs: a Random that gives 32 bits at a time");
        return true;
    }();
    using core = detail::client_core<Transport, Clock, Random>;

public:
    /// With an io_context of its own.
    /// @throws std::invalid_argument for options that cannot be: a URL that is none, or that asks
    /// for TLS where the transport has none or the reverse; headers that HTTP or the handshake
    /// forbids; a proxy that is not host:port; times that are not longer than 0, or longer than a
    /// hundred years; limits of 0.
    explicit client(client_options options, client_handlers handlers = {}, Transport transport = {},
                    Clock clock = {})
        : own_io_{std::make_unique<asio::io_context>(1)},
          io_{*own_io_},
          core_{make_core(std::move(options), std::move(handlers), std::move(transport),
                          std::move(clock))} {}

    /// On the host's io_context, which one thread may run and which must outlive this.
    client(asio::io_context& io, client_options options, client_handlers handlers = {},
           Transport transport = {}, Clock clock = {})
        : io_{io},
          core_{make_core(std::move(options), std::move(handlers), std::move(transport),
                          std::move(clock))} {}

    client(const client&) = delete;
    client& operator=(const client&) = delete;

    /// Ends the connection at once, with `on_close` as the last call of a handler; see `stop` for
    /// good order. Also from a handler, but not of a client that runs an io_context of its own.
    ~client() { core_->abandon(); }

    /// Runs the io_context until the client has stopped and nothing else is left to do.
    void run() { io_.run(); }

    /// Queues a text message, which must be valid UTF-8, for this connection or the next: see
    /// `client_options::outbox_bytes`. False if it will not be sent, because the client has stopped
    /// or the outbox does not take it. A message that was under way when a connection broke may be
    /// lost; none is sent twice.
    bool send(std::string_view text) { return core_->send(websocket::opcode::text, text); }

    /// Likewise, a binary message.
    bool send_binary(std::string_view bytes) {
        return core_->send(websocket::opcode::binary, bytes);
    }

    /// Closes this connection, if it is open, behind all that waits. The client connects again.
    void close(websocket::close_code code = websocket::close_code::normal,
               std::string reason = {}) {
        asio::post(io_,
                   [core = core_, code, reason = std::move(reason)] { core->close(code, reason); });
    }

    /// Ends in good order and for good: sends what waits, closes with 1000 and gives the server the
    /// `close_timeout`; without a connection, drops what waits. A second call ends at once.
    void stop() {
        core_->refuse();
        asio::post(io_, [core = core_] { core->stop(); });
    }

    /// Calls `f()` in the client's thread, unless the client is gone by then.
    template <class Function>
    void post(Function f) {
        asio::post(io_, [core = core_, f = std::move(f)]() mutable {
            if (!core->is_abandoned()) f();
        });
    }

    [[nodiscard]] client_state state() const noexcept { return core_->state(); }

    /// The one that the server chose for the latest connection; empty for none.
    [[nodiscard]] const std::string& subprotocol() const noexcept { return core_->subprotocol(); }

    /// Bytes that wait to be sent, with 64 for each message.
    [[nodiscard]] std::size_t queued_bytes() const { return core_->queued_bytes(); }

    [[nodiscard]] client_stats stats() const { return core_->stats(); }

    [[nodiscard]] Clock& clock() noexcept { return core_->clock; }

    /// Acts on the clock's time at once; a timer does it when something is due.
    void tick() { core_->tick(); }

private:
    std::shared_ptr<core> make_core(client_options options, client_handlers handlers,
                                    Transport transport, Clock clock) {
        auto made = std::make_shared<core>(io_, std::move(options), std::move(handlers),
                                           std::move(transport), std::move(clock));
        made->start();
        return made;
    }

    std::unique_ptr<asio::io_context> own_io_;
    asio::io_context& io_;
    std::shared_ptr<core> core_;
};

}  // namespace millrace
