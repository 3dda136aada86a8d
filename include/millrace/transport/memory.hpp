#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// How an in-memory connection misbehaves; the same for both of its directions.
struct memory_stream_options {
    /// Bytes that are under way at most; the writer then waits for the reader.
    std::size_t capacity_bytes = 256 * 1024;
    /// Most bytes that one read gets: 1 delivers everything byte by byte.
    std::size_t max_read_bytes = SIZE_MAX;
    /// Most bytes that one write takes.
    std::size_t max_write_bytes = SIZE_MAX;
    /// Reads and writes of the accepting end that succeed; the next one resets the connection.
    std::size_t operations_until_reset = SIZE_MAX;
    /// The connecting end's, as the accepting end sees it.
    std::string remote_address = "memory";
};

namespace detail {

/// One direction of an in-memory connection. Callbacks wait in it until there is something to do.
class memory_pipe {
public:
    memory_pipe(asio::io_context& io, const memory_stream_options& options)
        : io_{io}, options_{options} {}

    std::size_t read(std::span<char> to, std::error_code& error);

    std::size_t write(std::span<const asio::const_buffer> from, std::error_code& error);

    void wait_readable(callback f);
    void wait_writable(callback f);
    void end();
    void fail(std::error_code error);
    void abort_reader() { post(reader_, asio::error::operation_aborted); }
    void abort_writer() { post(writer_, asio::error::operation_aborted); }

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

private:
    [[nodiscard]] std::size_t free_bytes() const noexcept {
        return options_.capacity_bytes - std::min(options_.capacity_bytes, bytes_.size());
    }

    void wake();

    void post(callback& waiting, std::error_code error);

    asio::io_context& io_;
    memory_stream_options options_;
    std::string bytes_;
    callback reader_;
    callback writer_;
    std::error_code failure_;
    bool ended_ = false;
};

}  // namespace detail

/// One end of an in-memory connection. Both ends live on one io_context.
class memory_stream {
public:
    memory_stream() = default;
    memory_stream(memory_stream&&) = default;
    memory_stream& operator=(memory_stream&& other) noexcept {
        close();
        in_ = std::move(other.in_);
        out_ = std::move(other.out_);
        remote_address_ = std::move(other.remote_address_);
        until_failure_ = other.until_failure_;
        failure_ = other.failure_;
        return *this;
    }
    ~memory_stream() { close(); }

    /// The two ends of a new connection.
    [[nodiscard]] static std::pair<memory_stream, memory_stream> connected(
        asio::io_context& io, const memory_stream_options& options = {});

    template <class Handler>
    void async_wait_readable(Handler handler) {
        in_->wait_readable(detail::callback{std::move(handler)});
    }

    template <class Handler>
    void async_wait_writable(Handler handler) {
        out_->wait_writable(detail::callback{std::move(handler)});
    }

    std::size_t read_some(std::span<char> to, std::error_code& error) {
        return closed(error) || fails(error) ? 0 : in_->read(to, error);
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error) {
        return closed(error) || fails(error) ? 0 : out_->write(from, error);
    }

    void shutdown() {
        if (out_) out_->end();
    }

    /// The peer reads what is under way, and then the end.
    void close();

    [[nodiscard]] std::string remote_address() const { return remote_address_; }

    /// Lets `operations` further reads and writes of this end succeed; those behind them fail.
    void fail_after(std::size_t operations, std::error_code error = asio::error::connection_reset);

    [[nodiscard]] bool is_open() const noexcept { return in_ != nullptr; }

    /// Bytes that the peer has written and this end has not read.
    [[nodiscard]] std::size_t available() const noexcept { return in_ ? in_->size() : 0; }

private:
    using pipe = std::shared_ptr<detail::memory_pipe>;

    memory_stream(pipe in, pipe out, std::string remote_address)
        : in_{std::move(in)}, out_{std::move(out)}, remote_address_{std::move(remote_address)} {}

    bool closed(std::error_code& error) const;

    bool fails(std::error_code& error);

    pipe in_;
    pipe out_;
    std::string remote_address_;
    std::optional<std::size_t> until_failure_;
    std::error_code failure_;
};

/// Takes the connections that `memory::connect` makes.
class memory_acceptor {
public:
    using handler = std::function<void(std::error_code, std::shared_ptr<memory_stream>)>;

    struct queue {
        asio::io_context* io;
        std::deque<std::shared_ptr<memory_stream>> waiting{};
        handler accept{};
        std::error_code error{};

        void wake();
    };

    explicit memory_acceptor(std::shared_ptr<queue> connections) : queue_{std::move(connections)} {}

    template <class Handler>
    void async_accept(Handler f) {
        auto shared = std::make_shared<Handler>(std::move(f));
        queue_->accept = [shared](std::error_code error, std::shared_ptr<memory_stream> stream) {
            (*shared)(error, std::move(*stream));
        };
        queue_->wake();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return 0; }

    void close();

private:
    std::shared_ptr<queue> queue_;
};

/// The transport within one io_context, without sockets: for tests, in which everything happens in
/// the order in which it was asked for. Copies share their acceptor; one at a time may listen.
///
///     millrace::memory wire;
///     millrace::endpoint<millrace::memory> server{io, {}, wire};
///     auto client = wire.connect();
class memory {
public:
    using stream = memory_stream;
    using acceptor = memory_acceptor;

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options&);

    /// The client's end of a new connection to the acceptor. It is closed if none listens.
    [[nodiscard]] stream connect(const memory_stream_options& options = {});

    /// Likewise, whatever the host and port; `asio::error::connection_refused` if none listens.
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options&, Handler f) {
        const auto is_cancelled = std::make_shared<bool>(false);
        asio::post(io, [wire = *this, is_cancelled, f = std::move(f)]() mutable {
            if (*is_cancelled) return f(make_error_code(asio::error::operation_aborted), stream{});
            auto made = wire.connect();
            const bool is_open = made.is_open();
            f(is_open ? std::error_code{} : make_error_code(asio::error::connection_refused),
              std::move(made));
        });
        return [is_cancelled] { *is_cancelled = true; };
    }

    /// The next accept gives this error.
    void fail_accept(std::error_code error);

private:
    std::shared_ptr<memory_acceptor::queue> queue_ =
        std::make_shared<memory_acceptor::queue>(memory_acceptor::queue{nullptr});
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/transport/memory.ipp>
#endif
