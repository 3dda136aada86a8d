#include <millrace/transport/detail/socket_acceptor.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <millrace/transport/detail/socket_stream.hpp>

#include "catch.hpp"

using namespace millrace::detail;
using tcp_socket = asio::ip::tcp::socket;

namespace {

std::atomic<int> next_error = 0;

}  // namespace

/// Takes the place of the C library's, to fail as it is told.
extern "C" int accept4(int socket, sockaddr* peer, socklen_t* size, int flags) {
    if (const int error = next_error.exchange(0)) {
        errno = error;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_accept4, socket, peer, size, flags));
}

namespace {

struct accepted_stream : socket_stream {
    using socket_stream::descriptor;
    using socket_stream::socket_stream;
};

using test_acceptor = socket_acceptor<accepted_stream>;

struct server {
    asio::io_context& io;
    std::optional<test_acceptor> acceptor;
    std::optional<accepted_stream> stream{};
    std::error_code error{};
    int calls = 0;

    server(asio::io_context& context, int listening)
        : io{context}, acceptor{std::in_place, context, listening} {}

    void accept() {
        acceptor->async_accept([this](std::error_code e, accepted_stream s) {
            ++calls;
            error = e;
            stream.emplace(std::move(s));
        });
    }
    /// All that is ready.
    void run() {
        io.restart();
        io.poll();
    }
};

/// A socket that listens, and clients of it.
struct listener {
    asio::io_context& io;
    asio::ip::tcp::acceptor socket{io, {asio::ip::address_v4::loopback(), 0}};
    std::vector<tcp_socket> clients{};

    [[nodiscard]] int duplicate() { return ::dup(socket.native_handle()); }
    void connect() {
        clients.emplace_back(io);
        clients.back().connect(socket.local_endpoint());
    }
};

}  // namespace

TEST_CASE("connections that wait already are accepted one for each time that it is asked for") {
    asio::io_context io;
    listener l{io};
    server s{io, l.duplicate()};
    for (int i = 0; i < 5; ++i) l.connect();
    for (int i = 0; i < 5; ++i) {
        s.accept();
        REQUIRE(s.calls == i);
        s.run();
        REQUIRE(s.calls == i + 1);
        REQUIRE(!s.error);
    }
    s.accept();
    s.run();
    REQUIRE(s.calls == 5);
    l.connect();
    s.run();
    REQUIRE(s.calls == 6);
    REQUIRE(!s.error);
}

TEST_CASE("an accepted connection blocks nobody and is not passed on to other programs") {
    asio::io_context io;
    listener l{io};
    server s{io, l.duplicate()};
    l.connect();
    s.accept();
    s.run();
    REQUIRE((::fcntl(s.stream->descriptor(), F_GETFL) & O_NONBLOCK) != 0);
    REQUIRE((::fcntl(s.stream->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("who shares its listening socket goes on waiting when the other was quicker") {
    asio::io_context io;
    listener l{io};
    server one{io, l.duplicate()}, other{io, l.duplicate()};
    one.accept();
    other.accept();
    for (int connections = 1; connections < 10; ++connections) {
        l.connect();
        one.run();
        REQUIRE(one.calls + other.calls == connections);
        REQUIRE(!one.error);
        REQUIRE(!other.error);
        const bool is_of_one = one.stream.has_value();
        REQUIRE(other.stream.has_value() == !is_of_one);
        auto& quicker = is_of_one ? one : other;
        quicker.stream.reset();
        if (connections % 3 != 0) quicker.accept();
        if (connections % 3 == 0) {
            // It leaves the next to the other.
            auto& slower = is_of_one ? other : one;
            l.connect();
            slower.run();
            REQUIRE(one.calls + other.calls == ++connections);
            REQUIRE(slower.stream);
            slower.stream.reset();
            slower.accept();
            quicker.accept();
        }
    }
}

TEST_CASE("what the system says of an accept goes to the caller, or is of no account") {
    asio::io_context io;
    listener l{io};
    server s{io, l.duplicate()};
    s.accept();
    s.run();
    l.connect();
    SECTION("a signal") {
        next_error = EINTR;
        s.run();
        REQUIRE(s.calls == 1);
        REQUIRE(!s.error);
    }
    SECTION("a peer that is gone again") {
        next_error = ECONNABORTED;
        s.run();
        REQUIRE(s.calls == 1);
        REQUIRE(s.error == asio::error::connection_aborted);
        // The next one waits already, and the system will not tell again.
        s.accept();
        s.run();
        REQUIRE(s.calls == 2);
        REQUIRE(!s.error);
    }
    SECTION("no descriptor left, once") {
        next_error = GENERATE(EMFILE, ENFILE);
        const int expected = next_error;
        s.run();
        REQUIRE(s.calls == 1);
        REQUIRE(s.error.value() == expected);
        char byte = 0;
        std::error_code ended;
        l.clients[0].read_some(asio::buffer(&byte, 1), ended);
        REQUIRE((ended == asio::error::eof || ended == asio::error::connection_reset));
    }
}

TEST_CASE("the end of an acceptor ends what is pending, once and later") {
    asio::io_context io;
    listener l{io};
    server s{io, l.duplicate()};
    s.accept();
    const bool has_client = GENERATE(true, false);
    s.run();
    if (has_client) l.connect();
    GENERATE(true, false) ? s.acceptor->close() : s.acceptor.reset();
    REQUIRE(s.calls == 0);
    s.run();
    s.run();
    REQUIRE(s.calls == 1);
    REQUIRE(s.error == asio::error::operation_aborted);
    if (!s.acceptor) return;
    s.acceptor->close();
    s.accept();
    s.run();
    REQUIRE(s.calls == 2);
    REQUIRE(s.error == asio::error::bad_descriptor);
}

TEST_CASE("a handler may end its acceptor") {
    asio::io_context io;
    listener l{io};
    std::optional<test_acceptor> acceptor{std::in_place, io, l.duplicate()};
    int calls = 0;
    acceptor->async_accept([&](std::error_code, accepted_stream) {
        ++calls;
        acceptor.reset();
    });
    l.connect();
    next_error = GENERATE(0, EMFILE);
    io.run();
    REQUIRE(calls == 1);
}
