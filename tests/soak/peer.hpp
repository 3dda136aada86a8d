#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <millrace/websocket/client_handshake.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/protocol.hpp>

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

namespace soak {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// How a client behaves.
enum class manner {
    polite,      ///< echoes small messages, one after another
    compressed,  ///< likewise, with permessage-deflate
    slow,        ///< asks for much more than it reads
    garbage,     ///< sends random bytes, before or after the upgrade
    dead,        ///< falls silent at some step of the handshake, or after it
};
inline constexpr std::size_t manners = 5;

/// What all peers share.
struct world {
    asio::io_context& io;
    asio::ip::tcp::endpoint server;
    std::mt19937 random;
    std::vector<clock::duration> latencies{};  ///< of the polite ones' messages
    std::uint64_t connected = 0;
    std::uint64_t wrong_answers = 0;

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
};

/// One client from connect to its end, at which `on_end` is called.
class peer : public std::enable_shared_from_this<peer> {
public:
    peer(world& in, manner how, std::function<void()> on_end)
        : world_{in}, how_{how}, on_end_{std::move(on_end)}, socket_{in.io}, timer_{in.io} {}

    void start() {
        socket_.async_connect(world_.server, [self = shared_from_this()](std::error_code error) {
            if (error) return self->end();
            ++self->world_.connected;
            self->live();
        });
        // A life of 1 to 20 seconds; half of them end it without a word.
        timer_.expires_after(1s + std::chrono::milliseconds{world_.below(19'000)});
        timer_.async_wait([self = shared_from_this()](std::error_code error) {
            if (!error) self->leave();
        });
    }

private:
    struct receiver {
        peer& self;

        bool on_message(millrace::websocket::opcode, std::span<char> payload) {
            self.on_echo({payload.data(), payload.size()});
            return true;
        }
        bool on_ping(std::string_view payload) {
            if (self.how_ != manner::dead) self.send(millrace::websocket::opcode::pong, payload);
            return true;
        }
        bool on_pong(std::string_view) { return true; }
        bool on_close(millrace::websocket::close_code, std::string_view) { return true; }
    };

    void live() {
        const auto step = world_.below(4);
        if (how_ == manner::garbage && step == 0) return send_garbage();
        if (how_ == manner::dead && step == 0) return;  // connected, and not a byte
        std::string extra;
#ifdef MILLRACE_WITH_DEFLATE
        if (how_ == manner::compressed)
            extra = "Sec-WebSocket-Extensions: " + deflate_.offer() + "\r\n";
#endif
        auto request = millrace::websocket::make_upgrade_request(
            "localhost", how_ == manner::slow ? "/flood" : "/echo", key, extra);
        if (how_ == manner::dead && step == 1) request.resize(world_.below(100) + 1);
        write(std::move(request));
        if (how_ != manner::dead || step > 2) read();
    }

    void read() {
        if (how_ == manner::slow && is_upgraded_) return read_slowly();
        socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](
                                                       std::error_code error, std::size_t size) {
            if (error) return self->end();
            self->on_bytes(size);
        });
    }

    /// A few bytes now and then.
    void read_slowly() {
        pause_.emplace(world_.io);
        pause_->expires_after(100ms);
        pause_->async_wait([self = shared_from_this()](std::error_code error) {
            if (error) return;
            self->send(millrace::websocket::opcode::text, "more");
            self->socket_.async_read_some(asio::buffer(self->in_.data(), 512),
                                          [self](std::error_code failed, std::size_t) {
                                              failed ? self->end() : self->read();
                                          });
        });
    }

    void on_bytes(std::size_t size) {
        received_.append(in_.data(), size);
        if (!is_upgraded_) {
            const auto head = received_.find("\r\n\r\n");
            if (head == std::string::npos) return read();
            const std::string_view answer{received_.data(), head + 4};
            if (!answer.starts_with("HTTP/1.1 101 ")) return end();
#ifdef MILLRACE_WITH_DEFLATE
            constexpr std::string_view name = "Sec-WebSocket-Extensions: ";
            if (const auto at = answer.find(name); at != std::string_view::npos) {
                const auto value = answer.substr(at + name.size());
                protocol_.use(deflate_.confirm(value.substr(0, value.find("\r\n"))).connection);
            }
#endif
            received_.erase(0, head + 4);
            is_upgraded_ = true;
            if (how_ == manner::garbage) return send_garbage();
            if (how_ == manner::dead) return;
            ask();
        }
        receiver handler{*this};
        received_.push_back('\0');
        const auto result = protocol_.receive({received_.data(), received_.size() - 1}, handler);
        received_.pop_back();
        if (result.error) ++world_.wrong_answers;
        received_.erase(0, result.consumed);
        result.error ? end() : read();
    }

    void ask() {
        asked_ = std::string(20 + world_.below(200), static_cast<char>('a' + world_.below(26)));
        sent_at_ = clock::now();
        send(millrace::websocket::opcode::text, asked_);
    }

    void on_echo(std::string_view text) {
        if (how_ != manner::polite && how_ != manner::compressed) return;
        if (text != asked_) ++world_.wrong_answers;
        if (how_ == manner::polite) world_.latencies.push_back(clock::now() - sent_at_);
        pause_.emplace(world_.io);
        pause_->expires_after(std::chrono::milliseconds{50 + world_.below(100)});
        pause_->async_wait([self = shared_from_this()](std::error_code error) {
            if (!error) self->ask();
        });
    }

    void send_garbage() {
        std::string bytes(1 + world_.below(4000), '\0');
        std::ranges::generate(bytes, [&] { return static_cast<char>(world_.random()); });
        write(std::move(bytes));
        read();
    }

    void send(millrace::websocket::opcode op, std::string_view payload) {
        std::string frame, compressed;
        auto* const with = protocol_.compression();
        const bool is_control = millrace::websocket::is_control(op);
        const bool is_compressed =
            with != nullptr && !is_control && with->compress(payload, compressed);
        millrace::websocket::append_masked_frame(frame, op, is_compressed ? compressed : payload,
                                                 static_cast<std::uint32_t>(world_.random()), true,
                                                 is_compressed);
        write(std::move(frame));
    }

    void write(std::string bytes) {
        out_ += bytes;
        if (is_writing_ || out_.empty()) return;
        is_writing_ = true;
        auto under_way = std::make_shared<std::string>(std::exchange(out_, {}));
        asio::async_write(
            socket_, asio::buffer(*under_way),
            [self = shared_from_this(), under_way](std::error_code error, std::size_t) {
                self->is_writing_ = false;
                error ? self->end() : self->write({});
            });
    }

    void leave() {
        const bool is_abrupt = world_.below(2) == 0;
        std::error_code ignored;
        if (is_abrupt) socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
        end();
    }

    void end() {
        if (std::exchange(has_ended_, true)) return;
        std::error_code ignored;
        socket_.close(ignored);
        timer_.cancel();
        pause_.reset();
        on_end_();
    }

    static constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

    world& world_;
    manner how_;
    std::function<void()> on_end_;
    asio::ip::tcp::socket socket_;
    asio::steady_timer timer_;
    std::optional<asio::steady_timer> pause_;
    millrace::websocket::protocol<millrace::websocket::role::client> protocol_;
#ifdef MILLRACE_WITH_DEFLATE
    millrace::websocket::permessage_deflate deflate_;
#endif
    std::array<char, 16 * 1024> in_{};
    std::string received_;
    std::string out_;
    std::string asked_;
    clock::time_point sent_at_;
    bool is_upgraded_ = false;
    bool is_writing_ = false;
    bool has_ended_ = false;
};

}  // namespace soak
