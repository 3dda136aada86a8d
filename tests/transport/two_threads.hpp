#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/transport/transport.hpp>

/// An io_context that another thread runs, until all that is under way has come to its end.
class second_loop {
public:
    ~second_loop() {
        work_.reset();
        thread_.join();
    }
    [[nodiscard]] bool is_this_thread() const {
        return std::this_thread::get_id() == thread_.get_id();
    }

    asio::io_context io;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
    std::thread thread_{[this] { io.run(); }};
};

/// Sends what comes back to where it came from, until the end.
template <class Stream>
class echo_session : public std::enable_shared_from_this<echo_session<Stream>> {
public:
    echo_session(Stream stream, std::function<void()> on_wake)
        : stream_{std::move(stream)}, on_wake_{std::move(on_wake)} {}

    void wait() {
        stream_.async_wait_readable([self = this->shared_from_this()](std::error_code error) {
            self->on_wake_();
            if (!error) self->echo();
        });
    }

private:
    void echo() {
        std::array<char, 64> buffer;
        std::error_code error;
        const std::size_t size = stream_.read_some(buffer, error);
        const std::array<asio::const_buffer, 1> parts{asio::buffer(buffer.data(), size)};
        std::error_code ignored;
        if (size != 0) stream_.write_some(parts, ignored);
        if (!error || error == asio::error::would_block) wait();
    }

    Stream stream_;
    std::function<void()> on_wake_;
};

/// A client that says hello, and what it heard before the end.
template <class Transport>
class hello_client {
public:
    hello_client(asio::io_context& io, Transport& wire, const millrace::connect_options& to,
                 std::function<void(const std::string&)> on_end)
        : on_end_{std::move(on_end)} {
        wire.async_connect(io, to, [this](std::error_code error, typename Transport::stream s) {
            stream_.emplace(std::move(s));
            error ? end() : say();
        });
    }

private:
    void say() {
        std::error_code error;
        const std::array<asio::const_buffer, 1> parts{asio::buffer("hello", 5)};
        if (stream_->write_some(parts, error) != 0) return hear();
        if (error != asio::error::would_block) return end();
        stream_->async_wait_writable([this](std::error_code) { say(); });
    }

    void hear() {
        std::array<char, 64> buffer;
        std::error_code error;
        heard_.append(buffer.data(), stream_->read_some(buffer, error));
        if (heard_.size() >= 5 || (error && error != asio::error::would_block)) return end();
        stream_->async_wait_readable([this](std::error_code) { hear(); });
    }

    void end() {
        stream_->close();
        on_end_(heard_);
    }

    std::optional<typename Transport::stream> stream_;
    std::string heard_;
    std::function<void(const std::string&)> on_end_;
};

/// What became of connections that one thread accepts and another serves.
struct shared_work {
    int accepted = 0;
    int dropped = 0;              ///< of them, on the acceptor's thread
    int echoed = 0, unheard = 0;  ///< at the clients
    std::atomic<int> served = 0;  ///< callbacks of streams on the other thread
    std::atomic<int> misplaced = 0;
};

/// Several clients at a time, `count` in all. Every third connection is dropped at once.
template <class Transport>
void share_work(shared_work& result, Transport server_wire, Transport client_wire,
                const std::string& address, int count) {
    using stream = typename Transport::stream;
    asio::io_context io;
    second_loop other;
    auto acceptor = server_wire.listen(io, {.address = address});

    const std::function<void()> accept = [&] {
        acceptor.async_accept(other.io, [&](std::error_code error, stream s) {
            if (other.is_this_thread()) ++result.misplaced;
            if (error) return;
            stream moved = std::move(s);
            if (++result.accepted % 3 == 0 || moved.remote_address().empty()) {
                ++result.dropped;
            } else {
                const auto session = std::make_shared<echo_session<stream>>(std::move(moved), [&] {
                    ++(other.is_this_thread() ? result.served : result.misplaced);
                });
                asio::post(other.io, [session] { session->wait(); });
            }
            accept();
        });
    };
    accept();

    std::list<hello_client<Transport>> clients;
    int under_way = 0;
    const std::function<void()> connect = [&] {
        ++under_way;
        clients.emplace_back(io, client_wire,
                             millrace::connect_options{.host = address, .port = acceptor.port()},
                             [&](const std::string& heard) {
                                 ++(heard == "hello" ? result.echoed : result.unheard);
                                 if (static_cast<int>(clients.size()) < count) connect();
                                 if (--under_way == 0) acceptor.close();
                             });
    };
    for (int i = 0; i < 4; ++i) connect();
    io.run_for(std::chrono::seconds{60});
}
