#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <millrace/client/backoff.hpp>
#include <millrace/client/detail/connection.hpp>
#include <millrace/client/detail/outbox.hpp>
#include <millrace/client/detail/require_valid.hpp>
#include <millrace/client/detail/slot.hpp>
#include <millrace/client/detail/upgrade.hpp>
#include <millrace/client/handlers.hpp>
#include <millrace/client/options.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/url.hpp>
#include <millrace/transport/transport.hpp>
#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// The state of a client, kept alive by what is under way on its io_context: one attempt or
/// connection after the other, until `stop` or until it gives up. `send` and `stop` may come from
/// any thread; the rest runs in the io_context's one thread.
template <class Transport, class Clock, class Random>
class client_core : public std::enable_shared_from_this<client_core<Transport, Clock, Random>> {
public:
    using nanoseconds = std::chrono::nanoseconds;
    using stream_type = typename Transport::stream;
    using connection_type = client_connection<client_core>;

    /// @throws std::invalid_argument
    client_core(asio::io_context& io, client_options settings, client_handlers handlers,
                Transport wire, Clock time)
        : clock{std::move(time)},
          options_{require_valid(std::move(settings))},
          handlers_{std::move(handlers)},
          url_{require_url(options_.url, is_secure)},
          upgrade_{url_, options_},
          backoff_{options_.reconnect},
          frames_{options_.outbox_bytes},
          outbox_{options_.outbox_bytes, options_.when_full},
          io_{io},
          transport_{std::move(wire)},
          timer_{io},
          buffer_(buffer_bytes + 1) {}

    void start() {
        asio::post(io_, [self = this->shared_from_this()] {
            if (!self->is_abandoned_) self->connect();
        });
    }

    [[nodiscard]] bool send(websocket::opcode op, std::string_view payload) {
        const std::lock_guard lock{mutex_};
        if (is_refusing_) return false;
        const bool is_greeting = greeter_ == std::this_thread::get_id();
        const bool is_taken =
            outbox_.push(make_frame(op, payload), is_greeting ? client_outbox::kind::greeting
                                                              : client_outbox::kind::message);
        if (is_taken) schedule_flush();
        return is_taken;
    }

    void close(websocket::close_code code, std::string_view reason) {
        if (connection_) connection_->close(code, reason);
    }

    /// From any thread: nothing is taken any more.
    void refuse() {
        const std::lock_guard lock{mutex_};
        is_refusing_ = true;
    }

    /// The first call ends in good order, a second one at once.
    void stop() {
        if (state_ == client_state::stopped) return;
        const bool is_impatient = std::exchange(is_stopping_, true);
        if (cancel_connect_) return cancel_connect_();
        if (!connection_) return on_end({}, websocket::close_code::abnormal, {});
        if (is_impatient || state_ == client_state::connecting) return connection_->end({});
        connection_->close(websocket::close_code::normal, {});
    }

    /// Ends everything at once, for the owner is going.
    void abandon() {
        refuse();
        is_stopping_ = is_abandoned_ = true;
        timer_.cancel();
        if (cancel_connect_) cancel_connect_();
        if (const auto connection = connection_) connection->end({});
        tell_closed(websocket::close_code::abnormal, {});
    }
    [[nodiscard]] bool is_abandoned() const noexcept { return is_abandoned_; }

    /// Acts on what is due.
    void tick() {
        const auto keep = this->shared_from_this();
        if (now() >= deadline_) {
            deadline_ = nanoseconds::max();
            state_ == client_state::waiting ? connect() : give_up_attempt();
        }
        if (const auto connection = connection_) connection->tick();
        arm_timer();
    }

    [[nodiscard]] client_state state() const noexcept { return state_; }
    [[nodiscard]] const std::string& subprotocol() const noexcept { return subprotocol_; }
    [[nodiscard]] client_stats stats() const {
        const std::lock_guard lock{mutex_};
        client_stats now = stats_;
        now.messages_out = outbox_.messages_written();
        now.dropped = outbox_.messages_dropped();
        return now;
    }
    [[nodiscard]] std::size_t queued_bytes() const {
        const std::lock_guard lock{mutex_};
        return outbox_.size_bytes();
    }

    // What a connection asks for.

    [[nodiscard]] const client_options& options() const noexcept { return options_; }
    [[nodiscard]] const client_upgrade& upgrade() const noexcept { return upgrade_; }
    [[nodiscard]] nanoseconds now() const { return clock.elapsed(); }
    [[nodiscard]] std::span<char> shared_buffer() noexcept {
        return std::span{buffer_}.first(buffer_bytes);
    }

    template <class Function>
    auto with_outbox(Function&& use) {
        const std::lock_guard lock{mutex_};
        return use(outbox_);
    }

    /// A new masking key a frame (RFC 6455, section 5.3). Only within `with_outbox`.
    [[nodiscard]] websocket::frame make_frame(websocket::opcode op, std::string_view payload) {
        return frames_.make(op, static_cast<std::uint32_t>(random_()), payload);
    }

    /// Only within `with_outbox`.
    [[nodiscard]] websocket::frame_pool& frames() noexcept { return frames_; }

    /// Sec-WebSocket-Key.
    [[nodiscard]] std::string make_key() {
        const std::lock_guard lock{mutex_};
        std::array<unsigned char, 16> nonce;
        for (auto& byte : nonce) byte = static_cast<unsigned char>(random_());
        return websocket::encode_key(nonce);
    }

    /// What is sent in one turn leaves in one system call.
    void schedule_flush() {
        if (is_flush_scheduled_.exchange(true)) return;
        asio::post(io_, client_slot::handler{flush_slot_, [self = this->shared_from_this()] {
                                                 self->is_flush_scheduled_ = false;
                                                 if (const auto connection = self->connection_)
                                                     connection->write_out();
                                             }});
    }

    void on_open(std::string subprotocol) {
        deadline_ = nanoseconds::max();
        opened_at_ = now();
        subprotocol_ = std::move(subprotocol);
        ++stats_.connections;
        with_outbox([this](client_outbox& outbox) {
            outbox.open();
            greeter_ = std::this_thread::get_id();
        });
        change(client_state::open);
        if (!is_abandoned_) {
            has_opened_ = true;
            notify(handlers_.on_open);
        }
        with_outbox([this](client_outbox&) { greeter_ = {}; });
        schedule_flush();
        arm_timer();
    }

    void on_ignored() noexcept { ++stats_.ignored; }

    void on_message(websocket::opcode op, std::span<char> payload) {
        ++stats_.messages_in;
        if (handlers_.on_payload) return notify(handlers_.on_payload, payload, op);
        notify(handlers_.on_message, std::string_view{payload.data(), payload.size()}, op);
    }

    void on_closing() {
        change(client_state::closing);
        arm_timer();
    }

    /// An attempt or a connection has come to its end, or the wait for one.
    void on_end(std::error_code error, websocket::close_code code, std::string_view reason) {
        connection_.reset();
        deadline_ = nanoseconds::max();
        if (has_opened_ && now() - opened_at_ >= options_.reconnect.stable_after) backoff_.reset();
        plan_reconnect();
        arm_timer();
        if (error) {
            ++stats_.failures;
            report(error);
        }
        tell_closed(code, reason);
        if (!is_abandoned_) notify(handlers_.on_state, state());
    }

    Clock clock;

private:
    /// Whether the transport says that it is encrypted.
    static constexpr bool is_secure = requires { requires Transport::is_secure; };
    static constexpr std::size_t buffer_bytes = 64 * 1024;

    void connect() {
        change(client_state::connecting);
        if (is_abandoned_) return;
        deadline_ = now() + options_.connect_timeout;
        arm_timer();
        const auto& host = options_.connect_host.empty() ? url_.host : options_.connect_host;
        cancel_connect_ = transport_.async_connect(
            io_, {host, url_.port, options_.proxy, url_.host},
            [self = this->shared_from_this()](std::error_code error, stream_type stream) {
                self->on_connected(error, std::move(stream));
            });
    }

    void on_connected(std::error_code error, stream_type stream) {
        cancel_connect_ = nullptr;
        if (is_abandoned_) return;
        if (std::exchange(is_attempt_late_, false)) error = errc::timed_out;
        if (is_stopping_) error = {};
        if (is_stopping_ || error) return on_end(error, websocket::close_code::abnormal, {});
        connection_ =
            std::make_shared<connection_type>(this->shared_from_this(), std::move(stream));
        connection_->start();
    }

    void give_up_attempt() {
        is_attempt_late_ = !!cancel_connect_;
        if (cancel_connect_) return cancel_connect_();
        connection_->give_up_upgrade();
    }

    void plan_reconnect() {
        const std::lock_guard lock{mutex_};
        outbox_.lost();
        const auto wait = is_stopping_ ? std::nullopt : backoff_.next(random_);
        if (wait) {
            deadline_ = now() + *wait;
        } else {
            is_refusing_ = true;
            outbox_.discard();
        }
        state_ = wait ? client_state::waiting : client_state::stopped;
    }

    /// Once for each `on_open`.
    void tell_closed(websocket::close_code code, std::string_view reason) {
        if (!std::exchange(has_opened_, false)) return;
        const bool is_refusing = with_outbox([this](client_outbox&) { return is_refusing_; });
        notify(handlers_.on_close, code, reason, !is_refusing);
    }

    void arm_timer() {
        auto next = deadline_;
        if (connection_) next = std::min(next, connection_->deadline());
        if (next == nanoseconds::max() || is_abandoned_) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::max(next - now(), nanoseconds{0}));
        timer_.async_wait([self = this->shared_from_this()](std::error_code error) {
            if (!error && !self->is_abandoned_) self->tick();
        });
    }

    void change(client_state to) {
        state_ = to;
        notify(handlers_.on_state, to);
    }

    template <class Handler, class... Arguments>
    void notify(const Handler& handler, Arguments... arguments) noexcept {
        if (!handler) return;
        try {
            handler(arguments...);
        } catch (...) {
            if (is_abandoned_) return;
            report(make_error_code(errc::handler_failed));
            close(websocket::close_code::internal_error, "handler failed");
        }
    }

    void report(std::error_code error) noexcept {
        try {
            if (handlers_.on_error) handlers_.on_error(error);
        } catch (...) {
        }
    }

    client_options options_;
    client_handlers handlers_;
    http::url url_;
    client_upgrade upgrade_;
    backoff backoff_;

    mutable std::mutex mutex_;  ///< for the next five
    websocket::frame_pool frames_;
    client_outbox outbox_;
    Random random_;
    std::thread::id greeter_;  ///< the thread in which `on_open` runs now
    bool is_refusing_ = false;

    client_slot flush_slot_;
    asio::io_context& io_;
    Transport transport_;
    asio::steady_timer timer_;
    std::vector<char> buffer_;
    std::function<void()> cancel_connect_;  ///< while an attempt is under way
    std::shared_ptr<connection_type> connection_;
    std::string subprotocol_;
    client_stats stats_;
    nanoseconds deadline_ = nanoseconds::max();  ///< of the attempt, or of the wait for one
    nanoseconds opened_at_{};
    std::atomic<client_state> state_ = client_state::connecting;
    std::atomic<bool> is_flush_scheduled_ = false;
    bool has_opened_ = false;
    bool is_attempt_late_ = false;
    bool is_stopping_ = false;
    bool is_abandoned_ = false;
};

}  // namespace millrace::detail
