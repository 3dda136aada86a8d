#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <system_error>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>

namespace millrace {

/// Where to listen.
struct listen_options {
    /// An IPv4 or IPv6 address; empty for every address that the machine has; of a Unix socket its
    /// path. "systemd:NAME" takes the socket that systemd opened by that FileDescriptorName (socket
    /// activation), "systemd:" the first.
    std::string address{};
    /// 0 takes a free one: see `acceptor::port`.
    std::uint16_t port = 0;
    /// Connections that wait in the system to be accepted.
    int backlog = 1024;
};

/// Where to connect to.
struct connect_options {
    std::string host{};  ///< a name or an address; of a Unix socket its path
    std::uint16_t port = 0;
    /// An HTTP proxy that is asked to CONNECT, as "host:port"; none if empty.
    std::string proxy{};
    /// Whom a transport that encrypts expects there; empty for `host`.
    std::string server_name{};
};

/// The Transport policy: a small copyable value (settings, if any) that opens acceptors, whose
/// streams carry bytes. A transport has
///
/// | member                                                     | meaning                        |
/// |------------------------------------------------------------|--------------------------------|
/// | `stream`                                                   | one connection, see below      |
/// | `acceptor`                                                 | see below                      |
/// | `acceptor listen(asio::io_context&, const listen_options&)`| throws `std::system_error`     |
///
/// an acceptor, movable while nothing is pending, has
///
/// | member                  | meaning                                                           |
/// |-------------------------|-------------------------------------------------------------------|
/// | `void async_accept(f)`  | calls `f(std::error_code, stream)` once, then it may be asked     |
/// |                         | again; after an error, such as no descriptor left, in a while     |
/// | `std::uint16_t port()`  | the port that it got; 0 where there are none                      |
/// | `void close()`          | ends a pending `async_accept` with an error; accepts nothing more |
///
/// and a stream, movable likewise, works by readiness, so that an idle connection needs no buffer:
///
/// | member                        | meaning                                                     |
/// |-------------------------------|-------------------------------------------------------------|
/// | `void async_wait_readable(f)` | calls `f(std::error_code)` once `read_some` would get on    |
/// | `void async_wait_writable(f)` | likewise for `write_some`                                   |
/// | `std::size_t read_some(`      | never blocks: `asio::error::would_block`; at the end of the |
/// | ` std::span<char>, error&)`   | stream `asio::error::eof`                                   |
/// | `std::size_t write_some(`     | likewise; takes as much as it can                           |
/// | ` buffers, error&)`           |                                                             |
/// | `void shutdown()`             | sends the end of the stream; reading goes on                |
/// | `void close()`                | ends what is pending with an error; harmless when repeated  |
/// | `std::string remote_address()`| of the peer, for logs and limits; may be empty, and may     |
/// |                               | become known only once something was read                   |
/// | `bool is_established()`       | optional: whether its handshake, such as that of TLS, is    |
/// |                               | done                                                        |
/// | `std::string peer_subject()`  | optional: whom the peer's certificate names; may be empty   |
///
/// Callbacks are never called inside of the call that takes them, and each is called exactly once,
/// on the thread that runs the io_context, unless that is destroyed before. A stream has at most
/// one wait for reading and one for writing at a time.
template <class T>
concept transport = std::copyable<T> &&
    requires(T& t, asio::io_context& io, const listen_options& o) {
    typename T::stream;
    typename T::acceptor;
    { t.listen(io, o) } -> std::same_as<typename T::acceptor>;
} && std::movable<typename T::stream> && std::movable<typename T::acceptor> &&
    requires(typename T::acceptor& a, typename T::stream& s, std::span<char> in,
             std::span<const asio::const_buffer> out, std::error_code& error) {
    a.async_accept([](std::error_code, typename T::stream) {});
    { a.port() } -> std::same_as<std::uint16_t>;
    a.close();
    s.async_wait_readable([](std::error_code) {});
    s.async_wait_writable([](std::error_code) {});
    { s.read_some(in, error) } -> std::same_as<std::size_t>;
    { s.write_some(out, error) } -> std::same_as<std::size_t>;
    s.shutdown();
    s.close();
    { s.remote_address() } -> std::convertible_to<std::string>;
};

/// A transport that also reaches out, as clients need it:
/// `async_connect(asio::io_context&, connect_options, f)` calls `f(std::error_code, stream)` once,
/// and gives a function that ends the attempt, if it is still under way: `f` then gets
/// `asio::error::operation_aborted`. It may be called again, and too late. There is no timeout. A
/// transport that encrypts says so by `static constexpr bool is_secure = true`.
template <class T>
concept connecting_transport = transport<T> &&
    requires(T& t, asio::io_context& io, const connect_options& to) {
    {
        t.async_connect(io, to, [](std::error_code, typename T::stream) {})
        } -> std::convertible_to<std::function<void()>>;
};

/// A transport whose streams may live in other io_contexts than their acceptor, as an endpoint with
/// several loops needs it. Its acceptor also has
///
/// | member                                                  | meaning                           |
/// |---------------------------------------------------------|-----------------------------------|
/// | `void async_accept(asio::io_context& of_stream, f)`     | the stream's callbacks come from  |
/// |                                                         | `of_stream`; `f` itself is called |
/// |                                                         | on the acceptor's thread          |
///
/// On that thread the stream may be moved, asked for its `remote_address` and destroyed, while
/// `of_stream` runs in another; waits, reads and writes are for the thread that runs `of_stream`.
template <class T>
concept distributing_transport = transport<T> &&
    requires(typename T::acceptor& a, asio::io_context& of_stream) {
    a.async_accept(of_stream, [](std::error_code, typename T::stream) {});
};

/// Stops the compiler with the first requirement that `T` misses.
template <class T>
consteval void require_transport() {
#define MILLRACE_NEEDS(condition, member) \
    static_assert(condition, "transport needs: " member " (see millrace/transport/transport.hpp)")
    MILLRACE_NEEDS(std::copyable<T>, "to be copyable");
    MILLRACE_NEEDS(
        requires { typename T::stream; }, "a member type `stream`");
    MILLRACE_NEEDS(
        requires { typename T::acceptor; }, "a member type `acceptor`");
    if constexpr (requires {
                      typename T::stream;
                      typename T::acceptor;
                  }) {
        using stream = typename T::stream;
        using acceptor = typename T::acceptor;
        MILLRACE_NEEDS(
            requires(T & t, asio::io_context & io, const listen_options& o) {
                { t.listen(io, o) } -> std::same_as<acceptor>;
            },
            "acceptor listen(asio::io_context&, const listen_options&)");
        MILLRACE_NEEDS(std::movable<acceptor> && std::movable<stream>,
                       "its acceptor and stream to be movable");
        MILLRACE_NEEDS(
            requires(acceptor & a) { a.async_accept([](std::error_code, stream) {}); },
            "void acceptor::async_accept(f), where f takes (std::error_code, stream)");
        MILLRACE_NEEDS(
            requires(acceptor & a) {
                { a.port() } -> std::same_as<std::uint16_t>;
            },
            "std::uint16_t acceptor::port()");
        MILLRACE_NEEDS(
            requires(acceptor & a) { a.close(); }, "void acceptor::close()");
        MILLRACE_NEEDS(
            requires(stream & s) { s.async_wait_readable([](std::error_code) {}); },
            "void stream::async_wait_readable(f), where f takes (std::error_code)");
        MILLRACE_NEEDS(
            requires(stream & s) { s.async_wait_writable([](std::error_code) {}); },
            "void stream::async_wait_writable(f), where f takes (std::error_code)");
        MILLRACE_NEEDS(
            requires(stream & s, std::span<char> in, std::error_code & error) {
                { s.read_some(in, error) } -> std::same_as<std::size_t>;
            },
            "std::size_t stream::read_some(std::span<char>, std::error_code&)");
        MILLRACE_NEEDS(
            requires(stream & s, std::span<const asio::const_buffer> out, std::error_code & error) {
                { s.write_some(out, error) } -> std::same_as<std::size_t>;
            },
            "std::size_t stream::write_some(std::span<const asio::const_buffer>, "
            "std::error_code&)");
        MILLRACE_NEEDS(
            requires(stream & s) { s.shutdown(); }, "void stream::shutdown()");
        MILLRACE_NEEDS(
            requires(stream & s) { s.close(); }, "void stream::close()");
        MILLRACE_NEEDS(
            requires(stream & s) {
                { s.remote_address() } -> std::convertible_to<std::string>;
            },
            "std::string stream::remote_address()");
    }
#undef MILLRACE_NEEDS
}

}  // namespace millrace
