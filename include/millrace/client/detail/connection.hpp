#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include <millrace/client/detail/outbox.hpp>
#include <millrace/core/detail/token_bucket.hpp>
#include <millrace/core/error.hpp>
#include <millrace/transport/detail/receive_buffer.hpp>
#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

namespace millrace::detail {

/// One connection of a client, from the upgrade to its end, which it tells its client once.
template <class Client>
class client_connection : public std::enable_shared_from_this<client_connection<Client>> {
public:
    using nanoseconds = std::chrono::nanoseconds;
    using stream_type = typename Client::stream_type;

    client_connection(std::shared_ptr<Client> owner, stream_type stream)
        : client_{std::move(owner)},
          stream_{std::move(stream)},
          receive_{client_->shared_buffer()},
          protocol_{{.max_message_bytes = client_->options().max_message_bytes}},
          control_frames_{
              token_bucket::of_a_second(client_->options().max_control_frames_per_second)},
          key_{client_->make_key()},
          request_{client_->upgrade().request(key_)} {}

    void start() {
        write_out();
        arm_read();
    }

    /// Begins the closing handshake behind all that waits to be sent.
    void close(websocket::close_code code, std::string_view reason) {
        if (phase_ != phase::open) return;
        const auto payload = websocket::close_payload(code, reason);
        client_->with_outbox([&](client_outbox& outbox) {
            outbox.push_close(client_->make_frame(websocket::opcode::close, payload));
        });
        begin_closing();
    }

    /// Ends the connection at once.
    void end(std::error_code error) {
        if (phase_ == phase::ended) return;
        phase_ = phase::ended;
        stream_.close();
        std::exchange(client_, nullptr)
            ->on_end(failure_ ? failure_ : error, farewell_, farewell_reason_);
    }

    /// Writes as much as the system takes now.
    void write_out() {
        const auto keep = client_;  // a handler may destroy the client
        while (!is_writing_ && !is_broken_ && phase_ != phase::ended) {
            std::error_code error;
            if (!write_some(error)) return on_drained();
            if (error == asio::error::no_memory) return end(error);
            if (error == asio::error::would_block) return arm_write();
            is_broken_ = !!error;
            if (is_broken_) begin_closing();  // what the server has sent may tell why
        }
    }

    /// When to call `tick`.
    [[nodiscard]] nanoseconds deadline() const {
        const auto& limits = client_->options();
        if (phase_ == phase::closing) return closing_since_ + limits.close_timeout;
        if (phase_ != phase::open) return nanoseconds::max();
        const auto ping = is_ping_sent_ ? limits.idle_timeout : limits.ping_interval;
        return last_received_ + std::min(ping, limits.idle_timeout);
    }

    /// Acts on what timed out.
    void tick() {
        const nanoseconds now = client_->now();
        if (is_receiving_ || now < deadline()) return;
        receive_now();
        if (phase_ == phase::ended || now < deadline()) return;
        if (phase_ == phase::closing)
            return end(protocol_.is_closed() ? std::error_code{} : timed_out());
        if (now - last_received_ >= client_->options().idle_timeout) return end(timed_out());
        is_ping_sent_ = true;
        overtake(websocket::opcode::ping, client_outbox::kind::ping, {});
    }

    /// The time for the upgrade is over.
    void give_up_upgrade() {
        receive_now();
        if (phase_ == phase::upgrading) end(timed_out());
    }

private:
    enum class phase { upgrading, open, closing, ended };

    struct receiver {
        client_connection& self;

        bool on_message(websocket::opcode op, std::span<char> payload) {
            if (self.phase_ == phase::closing) self.client_->on_ignored();
            if (self.phase_ == phase::open) self.client_->on_message(op, payload);
            return self.phase_ != phase::ended;
        }
        bool on_ping(std::string_view payload) {
            if (!self.allows_control_frame()) return false;
            self.overtake(websocket::opcode::pong, client_outbox::kind::pong, payload);
            return true;
        }
        bool on_pong(std::string_view) { return self.allows_control_frame(); }
        bool on_close(websocket::close_code code, std::string_view reason) {
            self.farewell_ = code;
            self.farewell_reason_ = reason;
            self.answer_close(code);
            return true;
        }
    };

    [[nodiscard]] static std::error_code timed_out() noexcept {
        return make_error_code(errc::timed_out);
    }

    void arm_read() {
        stream_.async_wait_readable([self = this->shared_from_this()](std::error_code error) {
            if (self->phase_ != phase::ended) self->on_readable(error);
        });
    }

    void arm_write() {
        is_writing_ = true;
        stream_.async_wait_writable([self = this->shared_from_this()](std::error_code) {
            self->is_writing_ = false;
            self->write_out();
        });
    }

    void on_readable(std::error_code error) {
        receive(error);
        if (phase_ != phase::ended) arm_read();
    }

    /// Reads what has come, so that a server is not judged by what a slow handler left unread.
    void receive_now() { receive({}); }

    void receive(std::error_code error) try {
        const auto keep = client_;
        std::size_t size = 0;
        if (!error) size = stream_.read_some(receive_.prepare(), error);
        if (error && error != asio::error::would_block) return on_input_end(error);
        if (size == 0) return;
        last_received_ = keep->now();
        is_ping_sent_ = false;
        is_receiving_ = true;
        receive_.consume(on_received(receive_.commit(size)));
        is_receiving_ = false;
    } catch (const std::bad_alloc&) {
        end(asio::error::no_memory);
    }

    void on_input_end(std::error_code error) {
        if (protocol_.is_closed()) return end({});
        end(error == asio::error::eof ? make_error_code(errc::connection_lost) : error);
    }

    /// Returns how much of `bytes` is used up.
    std::size_t on_received(std::span<char> bytes) {
        std::size_t used = 0;
        while (phase_ == phase::upgrading) {
            const std::size_t head = receive_answer({bytes.data() + used, bytes.size() - used});
            if (head == 0) break;
            used += head;
        }
        if (phase_ == phase::open || phase_ == phase::closing)
            used += receive_frames(bytes.subspan(used));
        return used;
    }

    /// Returns the size of the head, or 0 if it is not there as a whole.
    std::size_t receive_answer(std::string_view bytes) {
        const std::size_t limit = client_->options().max_head_bytes - interim_bytes_;
        const auto end_of_head = bytes.substr(0, limit).find("\r\n\r\n");
        if (end_of_head == std::string_view::npos) {
            if (bytes.size() >= limit) end(make_error_code(errc::header_too_large));
            return 0;
        }
        const auto head = bytes.substr(0, end_of_head + 4);
        if (websocket::is_interim_response(head)) {
            interim_bytes_ += head.size();
            return head.size();
        }
        auto answer = client_->upgrade().read(head, key_);
        if (answer.error) {
            end(answer.error);
        } else {
            phase_ = phase::open;
            protocol_.use(std::move(answer.compression));
            client_->on_open(std::move(answer.subprotocol));
        }
        return head.size();
    }

    std::size_t receive_frames(std::span<char> bytes) {
        if (failure_) return bytes.size();
        receiver handler{*this};
        const auto result = protocol_.receive(bytes, handler);
        if (result.error && phase_ != phase::ended) fail(result.error);
        return result.error ? bytes.size() : result.consumed;
    }

    /// Control frames are cheap to send, and each asks for work.
    bool allows_control_frame() {
        if (phase_ == phase::ended || failure_) return false;
        if (control_frames_.take(last_received_)) return true;
        fail(make_error_code(errc::too_many_requests));
        return false;
    }

    /// The server has broken the protocol (RFC 6455, section 7.1.7).
    void fail(std::error_code error) {
        failure_ = error;
        answer_close(websocket::close_code_of(error));
    }

    /// Ahead of what waits, which waits on for the next connection.
    void answer_close(websocket::close_code code) {
        if (phase_ == phase::open)
            overtake(websocket::opcode::close, client_outbox::kind::close,
                     websocket::close_payload(code));
        begin_closing();
    }

    void begin_closing() {
        if (phase_ == phase::open) {
            phase_ = phase::closing;
            closing_since_ = client_->now();
            client_->on_closing();
        }
        if (phase_ != phase::ended) client_->schedule_flush();
    }

    /// All output has been taken by the system.
    void on_drained() {
        if (phase_ != phase::closing || !(failure_ || protocol_.is_closed())) return;
        if (!std::exchange(is_output_ended_, true)) stream_.shutdown();
    }

    /// In front of what the system does not take at once.
    void overtake(websocket::opcode op, client_outbox::kind what, std::string_view payload) {
        write_out();
        if (phase_ == phase::ended) return;
        client_->with_outbox([&](client_outbox& outbox) {
            outbox.overtake(client_->make_frame(op, payload), what);
        });
        client_->schedule_flush();
    }

    /// False when nothing waits.
    bool write_some(std::error_code& error) {
        return client_->with_outbox([&](client_outbox& outbox) {
            std::array<asio::const_buffer, 64> parts{asio::buffer(request_)};
            std::size_t count = 1;
            try {
                if (request_.empty()) count = gather(outbox, parts);
            } catch (const std::bad_alloc&) {
                error = asio::error::no_memory;
                return true;
            }
            if (count == 0) return false;
            const std::span<const asio::const_buffer> front{parts.data(), count};
            const std::size_t size = stream_.write_some(front, error);
            if (!error && size < asio::buffer_size(front)) error = asio::error::would_block;
            request_.empty() ? outbox.written(size) : static_cast<void>(request_.erase(0, size));
            return true;
        });
    }

    std::size_t gather(client_outbox& outbox, std::span<asio::const_buffer> out) {
        if (websocket::compressor* const with = protocol_.compression())
            out = out.first(outbox.prepare(out.size(), [&](const websocket::frame& message) {
                return client_->frames().compress_masked(message, *with);
            }));
        return outbox.gather(out);
    }

    std::shared_ptr<Client> client_;  ///< null once ended
    stream_type stream_;
    receive_buffer receive_;
    websocket::protocol<websocket::role::client> protocol_;
    token_bucket control_frames_;
    std::string key_;
    std::string request_;  ///< what is left to write of it
    websocket::close_code farewell_ = websocket::close_code::abnormal;
    std::string farewell_reason_;
    std::error_code failure_;
    nanoseconds last_received_{};
    nanoseconds closing_since_{};
    phase phase_ = phase::upgrading;
    std::size_t interim_bytes_ = 0;  ///< of answers before the one that counts
    bool is_writing_ = false;        ///< waits until the system takes more
    bool is_receiving_ = false;      ///< a handler may be at work: nothing is judged meanwhile
    bool is_broken_ = false;         ///< a write has failed
    bool is_output_ended_ = false;
    bool is_ping_sent_ = false;
};

}  // namespace millrace::detail
