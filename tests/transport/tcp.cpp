#include <millrace/transport/tcp.hpp>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "catch.hpp"
#include "no_descriptors.hpp"

using namespace millrace;

namespace {

using client_socket = asio::ip::tcp::socket;

client_socket connected_to(asio::io_context& io, std::uint16_t port) {
    client_socket connected{io};
    connected.connect({asio::ip::address_v4::loopback(), port});
    return connected;
}

struct server {
    asio::io_context io;
    tcp_acceptor acceptor{io, {.address = "127.0.0.1", .port = 0}};
    std::optional<tcp_stream> stream;
    std::error_code error;
    bool accepted = false;

    void accept() {
        accepted = false;
        acceptor.async_accept([this](std::error_code e, tcp_stream s) {
            accepted = true;
            error = e;
            stream.emplace(std::move(s));
        });
    }
    void run_until(const bool& done) {
        io.restart();
        while (!done) io.run_one();
    }
};

}  // namespace

TEST_CASE("tcp gives a free port and reports it") {
    asio::io_context io;
    const auto first = tcp{}.listen(io, {.address = "127.0.0.1", .port = 0});
    const auto second = tcp{}.listen(io, {.address = "127.0.0.1", .port = 0});
    REQUIRE(first.port() != 0);
    REQUIRE(first.port() != second.port());
}

TEST_CASE("tcp refuses a port that is in use, and an address that is none") {
    asio::io_context io;
    const auto first = tcp{}.listen(io, {.address = "127.0.0.1", .port = 0});
    const auto fault = [&](std::string address, std::uint16_t port) -> std::string {
        try {
            static_cast<void>(tcp{}.listen(io, {.address = std::move(address), .port = port}));
        } catch (const std::system_error& e) {
            return e.what();
        }
        return {};
    };
    REQUIRE(fault("127.0.0.1", first.port()) == "millrace: cannot listen on 127.0.0.1, port " +
                                                    std::to_string(first.port()) +
                                                    ": Address already in use");
    for (const std::string wrong : {"localhost", "*", "127.0.0.1:80"})
        REQUIRE(fault(wrong, 0).starts_with("millrace: \"" + wrong + "\" is no IP address"));
}

TEST_CASE("tcp without an address takes IPv4 peers and names them as such") {
    asio::io_context io;
    auto acceptor = tcp{}.listen(io, {.port = 0});
    std::string remote;
    acceptor.async_accept([&](std::error_code, tcp_stream s) { remote = s.remote_address(); });
    const auto client = connected_to(io, acceptor.port());
    io.run();
    REQUIRE(remote == "127.0.0.1");
}

TEST_CASE("tcp streams carry bytes by readiness, without delay, to the end of the stream") {
    server s;
    s.accept();
    auto client = connected_to(s.io, s.acceptor.port());
    s.run_until(s.accepted);
    REQUIRE(!s.error);

    std::array<char, 16> buffer{};
    std::error_code error;
    REQUIRE(s.stream->read_some(buffer, error) == 0);
    REQUIRE(error == asio::error::would_block);

    bool readable = false;
    s.stream->async_wait_readable([&](std::error_code e) { readable = !e; });
    asio::write(client, asio::buffer("ping", 4));
    s.run_until(readable);
    error.clear();
    REQUIRE(s.stream->read_some(buffer, error) == 4);
    REQUIRE(std::string(buffer.data(), 4) == "ping");

    const std::array<asio::const_buffer, 2> parts{asio::buffer("po", 2), asio::buffer("ng", 2)};
    REQUIRE(s.stream->write_some(parts, error) == 4);
    asio::read(client, asio::buffer(buffer.data(), 4));
    REQUIRE(std::string(buffer.data(), 4) == "pong");

    client.shutdown(client_socket::shutdown_send);
    readable = false;
    s.stream->async_wait_readable([&](std::error_code e) { readable = !e; });
    s.run_until(readable);
    REQUIRE(s.stream->read_some(buffer, error) == 0);
    REQUIRE(error == asio::error::eof);

    s.stream->shutdown();
    REQUIRE(asio::read(client, asio::buffer(buffer), error) == 0);
    REQUIRE(error == asio::error::eof);
}

TEST_CASE("tcp says would_block when the peer does not read, and writable once it does") {
    server s;
    s.accept();
    auto client = connected_to(s.io, s.acceptor.port());
    s.run_until(s.accepted);

    const std::string block(64 * 1024, 'x');
    const std::array<asio::const_buffer, 1> parts{asio::buffer(block)};
    std::error_code error;
    std::size_t sent = 0;
    while (!error) sent += s.stream->write_some(parts, error);
    REQUIRE(error == asio::error::would_block);

    bool writable = false;
    s.stream->async_wait_writable([&](std::error_code e) { writable = !e; });
    std::string received(sent, '\0');
    asio::read(client, asio::buffer(received));
    s.run_until(writable);
    error.clear();
    REQUIRE(s.stream->write_some(parts, error) > 0);
}

TEST_CASE("closing a tcp stream or acceptor ends what is pending, once") {
    server s;
    s.accept();
    auto client = connected_to(s.io, s.acceptor.port());
    s.run_until(s.accepted);

    int ended = 0;
    std::error_code error;
    s.stream->async_wait_readable([&](std::error_code e) {
        ++ended;
        error = e;
    });
    s.stream->close();
    s.stream->close();
    s.io.restart();
    s.io.run();
    REQUIRE(ended == 1);
    REQUIRE(error == asio::error::operation_aborted);

    s.accept();
    s.acceptor.close();
    s.io.restart();
    s.io.run();
    REQUIRE(s.error == asio::error::operation_aborted);
}

TEST_CASE("tcp tells of a peer that is gone, to who waits, reads and writes") {
    server s;
    s.accept();
    auto client = connected_to(s.io, s.acceptor.port());
    s.run_until(s.accepted);
    bool readable = false, writable = false;
    s.stream->async_wait_readable([&](std::error_code) { readable = true; });
    s.stream->async_wait_writable([&](std::error_code) { writable = true; });
    client.set_option(asio::socket_base::linger{true, 0});  // ends by a reset
    client.close();
    s.run_until(readable);
    s.run_until(writable);

    std::array<char, 16> buffer{};
    std::error_code error;
    REQUIRE(s.stream->read_some(buffer, error) == 0);
    REQUIRE(error == asio::error::connection_reset);
    const std::array<asio::const_buffer, 1> parts{asio::buffer("x", 1)};
    REQUIRE(s.stream->write_some(parts, error) == 0);
    REQUIRE(error == asio::error::broken_pipe);
    REQUIRE(s.stream->remote_address().empty());
}

TEST_CASE("tcp gathers what it writes, and reads nothing into nothing") {
    server s;
    s.accept();
    auto client = connected_to(s.io, s.acceptor.port());
    s.run_until(s.accepted);
    const std::string digits = "0123456789";
    std::vector<asio::const_buffer> parts;
    std::string expected;
    for (std::size_t i = 0; i < 100; ++i) {
        parts.push_back(asio::buffer(digits.data() + i % 7, i % 4));
        expected.append(digits, i % 7, i % 4);
    }
    std::error_code error;
    std::string received(s.stream->write_some(parts, error), '\0');
    REQUIRE(!error);
    REQUIRE(received.size() >= expected.size() / 2);
    asio::read(client, asio::buffer(received));
    REQUIRE(received == expected.substr(0, received.size()));

    asio::write(client, asio::buffer(digits));
    REQUIRE(s.stream->read_some({}, error) == 0);
    REQUIRE(!error);
}

TEST_CASE("tcp out of descriptors closes the peer it cannot serve, and recovers") {
    server s;
    s.accept();
    std::vector<client_socket> clients;
    clients.reserve(2);
    clients.push_back(connected_to(s.io, s.acceptor.port()));

    {
        const no_descriptors now;
        s.run_until(s.accepted);
    }
    REQUIRE(s.error == asio::error::no_descriptors);

    char byte = 0;
    std::error_code error;
    clients[0].read_some(asio::buffer(&byte, 1), error);
    REQUIRE((error == asio::error::eof || error == asio::error::connection_reset));

    s.accept();
    clients.push_back(connected_to(s.io, s.acceptor.port()));
    s.run_until(s.accepted);
    REQUIRE(!s.error);
}

namespace {

struct attempt {
    std::error_code error;
    std::optional<tcp_stream> stream;
    int calls = 0;
    std::function<void()> cancel;

    attempt(asio::io_context& io, const connect_options& to) {
        cancel = tcp{}.async_connect(io, to, [this](std::error_code e, tcp_stream s) {
            error = e;
            stream.emplace(std::move(s));
            ++calls;
        });
    }
};

}  // namespace

TEST_CASE("tcp connects to names and addresses, without Nagle's delay") {
    server s;
    s.accept();
    attempt a{s.io, {.host = GENERATE("127.0.0.1", "localhost"), .port = s.acceptor.port()}};
    REQUIRE(a.calls == 0);
    s.run_until(s.accepted);
    while (a.calls == 0) s.io.run_one();
    REQUIRE(!a.error);
    REQUIRE(a.stream->remote_address() == "127.0.0.1");

    std::error_code error;
    const std::array<asio::const_buffer, 1> parts{asio::buffer("ping", 4)};
    REQUIRE(a.stream->write_some(parts, error) == 4);
    bool readable = false;
    s.stream->async_wait_readable([&](std::error_code e) { readable = !e; });
    s.run_until(readable);
    std::array<char, 16> buffer{};
    REQUIRE(s.stream->read_some(buffer, error) == 4);
}

TEST_CASE("tcp says why it does not connect") {
    asio::io_context io;
    std::uint16_t unused = tcp{}.listen(io, {.address = "127.0.0.1"}).port();
    attempt refused{io, {.host = "127.0.0.1", .port = unused}};
    attempt nobody{io, {.host = "not a name", .port = 80}};
    attempt bad_proxy{io, {.host = "127.0.0.1", .port = unused, .proxy = "no port"}};
    io.run();
    REQUIRE(refused.error == asio::error::connection_refused);
    REQUIRE(nobody.error);
    REQUIRE(bad_proxy.error == asio::error::invalid_argument);
}

TEST_CASE("an attempt of tcp to connect can be ended at any time, and calls back once") {
    server s;
    const int turns = GENERATE(range(0, 4));
    attempt a{s.io, {.host = "127.0.0.1", .port = s.acceptor.port()}};
    for (int i = 0; i < turns && a.calls == 0; ++i) s.io.run_one();
    const bool is_done = a.calls != 0;
    a.cancel();
    s.io.restart();
    s.io.run();
    a.cancel();
    REQUIRE(a.calls == 1);
    REQUIRE(a.error == (is_done ? std::error_code{} : asio::error::operation_aborted));
}
