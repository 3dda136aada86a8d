#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <millrace/client/client.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/http/request.hpp>
#include <millrace/testing/websocket_client.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/handshake.hpp>
#include <millrace/websocket/protocol.hpp>

#include "catch.hpp"

namespace {

using namespace std::chrono_literals;
using millrace::client_state;
using millrace::errc;
using millrace::testing::websocket_message;
using millrace::websocket::close_code;
using millrace::websocket::opcode;
using strings = std::vector<std::string>;

/// Numbers of no strength, the same in each run.
struct seeded : std::mt19937 {
    seeded() : std::mt19937{test_seed()} {}
};

/// Makes each wait as long as it may be.
struct longest_waits {
    using result_type = std::uint32_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT32_MAX; }
    result_type operator()() { return max(); }
};

/// A server in memory that does what the test says, right or wrong.
class peer {
public:
    peer(asio::io_context& io, millrace::memory& wire) : io_{io}, acceptor_{wire.listen(io, {})} {
        accept();
    }

    /// Runs what is ready, and reads what came.
    void run() {
        do {
            io_.restart();
            io_.poll();
        } while (read());
    }

    /// Connections so far.
    [[nodiscard]] int connections() const noexcept { return connections_; }

    [[nodiscard]] std::string take_raw() {
        run();
        return std::exchange(bytes_, {});
    }

    /// Reads the request to upgrade, and answers it as a strict server does.
    millrace::http::request upgrade(std::span<const std::string_view> subprotocols = {},
                                    const millrace::websocket::compression* compression = nullptr) {
        millrace::http::request request;
        const auto head = take_raw();
        const auto parsed = millrace::http::parse_request(head, request);
        REQUIRE(parsed.state == millrace::http::parse_result::complete);
        REQUIRE(parsed.consumed == head.size());
        auto answer = millrace::websocket::accept_upgrade(request, subprotocols, compression);
        REQUIRE(!answer.error);
        is_upgraded_ = true;
        protocol_ = protocol{};
        protocol_.use(std::move(answer.compression));
        write(answer.response);
        return request;
    }

    void write(std::string_view bytes) {
        while (!bytes.empty() && stream_.is_open()) {
            std::error_code error;
            const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
            bytes.remove_prefix(stream_.write_some(parts, error));
            if (error && error != asio::error::would_block) break;
            run();
        }
        run();
    }

    /// Writes without running anything.
    void put(std::string_view bytes) {
        std::error_code error;
        const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
        REQUIRE(stream_.write_some(parts, error) == bytes.size());
    }

    /// One frame, unmasked.
    void send(opcode op, std::string_view payload, bool fin = true) {
        std::string frame;
        millrace::websocket::append_frame(frame, op, payload, fin);
        write(frame);
    }
    void send_close(close_code code, std::string_view reason = {}) {
        send(opcode::close, millrace::websocket::close_payload(code, reason));
    }

    /// The next frame that came, of any kind.
    std::optional<websocket_message> next() {
        run();
        if (inbox_.empty()) return std::nullopt;
        auto message = std::move(inbox_.front());
        inbox_.pop_front();
        return message;
    }
    std::string next_text() {
        const auto message = next();
        return message ? message->payload : "nothing";
    }
    /// All texts and binaries that came.
    strings texts() {
        strings all;
        while (const auto message = next())
            if (!is_control(message->op)) all.push_back(message->payload);
        return all;
    }
    /// The code of the close frame that comes next, behind whatever else.
    close_code next_close() {
        while (const auto message = next())
            if (message->op == opcode::close) return message->code;
        return close_code::abnormal;
    }

    /// Ends the connection without a word.
    void drop() {
        stream_.close();
        bytes_.clear();
        is_upgraded_ = false;
        run();
    }

    /// While true, nothing is read.
    void stall(bool yes = true) { is_stalled_ = yes; }

    [[nodiscard]] bool is_ended() {
        run();
        return is_ended_;
    }

private:
    using protocol = millrace::websocket::protocol<millrace::websocket::role::server>;

    struct receiver {
        std::deque<websocket_message>& inbox;

        bool add(opcode op, std::string_view payload, close_code code = close_code::no_status) {
            inbox.push_back({op, std::string{payload}, code});
            return true;
        }
        bool on_message(opcode op, std::span<char> payload) {
            return add(op, {payload.data(), payload.size()});
        }
        bool on_ping(std::string_view payload) { return add(opcode::ping, payload); }
        bool on_pong(std::string_view payload) { return add(opcode::pong, payload); }
        bool on_close(close_code code, std::string_view reason) {
            return add(opcode::close, reason, code);
        }
    };

    void accept() {
        acceptor_.async_accept([this](std::error_code error, millrace::memory_stream stream) {
            if (error) return;
            ++connections_;
            stream_ = std::move(stream);
            is_upgraded_ = is_ended_ = false;
            bytes_.clear();
            accept();
        });
    }

    bool read() {
        if (is_stalled_ || !stream_.is_open() || is_ended_) return false;
        std::array<char, 4096> buffer;
        std::error_code error;
        const std::size_t size = stream_.read_some(buffer, error);
        is_ended_ = error && error != asio::error::would_block;
        bytes_.append(buffer.data(), size);
        if (is_upgraded_) {
            receiver handler{inbox_};
            bytes_.push_back('\0');
            const auto result = protocol_.receive({bytes_.data(), bytes_.size() - 1}, handler);
            bytes_.pop_back();
            REQUIRE(!result.error);
            bytes_.erase(0, result.consumed);
        }
        return size != 0;
    }

    asio::io_context& io_;
    millrace::memory_acceptor acceptor_;
    millrace::memory_stream stream_;
    protocol protocol_;
    std::string bytes_;
    std::deque<websocket_message> inbox_;
    int connections_ = 0;
    bool is_upgraded_ = false;
    bool is_ended_ = false;
    bool is_stalled_ = false;
};

/// A client in memory, whose time moves only when told to, its peer, and what its handlers said.
template <class Transport = millrace::memory, class Random = seeded>
struct basic_line {
    using client_type = millrace::client<Transport, millrace::manual_clock, Random>;

    explicit basic_line(millrace::client_options options = {}, Transport transport = {})
        : wire{std::move(transport)} {
        if (options.url.empty()) options.url = "ws://host/feed";
        client.emplace(io, std::move(options), handlers(), wire);
    }

    void advance(std::chrono::nanoseconds by) {
        client->clock().advance(by);
        client->tick();
        other.run();
    }

    /// Up to an open connection.
    void open() {
        other.upgrade();
        REQUIRE(client->state() == client_state::open);
    }

    /// What the handlers said since the last call.
    strings said() {
        other.run();
        return std::exchange(log, {});
    }

    millrace::client_handlers handlers() {
        return {
            .on_open = [this] { log.push_back("on_open"); },
            .on_message =
                [this](std::string_view text, opcode op) {
                    log.push_back((op == opcode::text ? "text " : "binary ") + std::string{text});
                },
            .on_close =
                [this](close_code code, std::string_view reason, bool again) {
                    log.push_back("on_close " + std::to_string(static_cast<int>(code)) + " " +
                                  std::string{reason} + (again ? "(again)" : "(for good)"));
                },
            .on_state =
                [this](client_state state) {
                    constexpr std::array names{"connecting", "open", "closing", "waiting",
                                               "stopped"};
                    log.push_back(names[static_cast<std::size_t>(state)]);
                },
            .on_error = [this](std::error_code e) { log.push_back("error: " + e.message()); }};
    }

    asio::io_context io;
    Transport wire;
    peer other{io, wire};
    strings log;
    std::optional<client_type> client;
};

using line = basic_line<>;

}  // namespace
