#include <millrace/transport/proxied.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <asio/ip/tcp.hpp>

#include <millrace/transport/memory.hpp>

#include "catch.hpp"

using namespace millrace;

static_assert(connecting_transport<proxied<>> && connecting_transport<proxied<memory>>);

namespace {

using wire = proxied<memory>;

/// A peer at `address` of a server that trusts 10.0.0.0/8.
struct conversation {
    asio::io_context io;
    memory below;
    wire::acceptor acceptor;
    memory_stream peer;
    std::optional<wire::stream> server;
    std::error_code error;

    explicit conversation(const std::string& address, std::size_t at_once = SIZE_MAX,
                          bool refuse_others = false)
        : acceptor{wire{{.trusted = {"10.0.0.0/8"}, .refuse_others = refuse_others}, below}.listen(
              io, {})},
          peer{below.connect({.max_read_bytes = at_once, .remote_address = address})} {
        acceptor.async_accept([this](std::error_code e, wire::stream s) {
            if (!e) server.emplace(std::move(s));
        });
        io.run();
    }
    void write(std::string_view bytes) {
        peer.write_some(std::array<asio::const_buffer, 1>{asio::buffer(bytes.data(), bytes.size())},
                        error);
        REQUIRE(!error);
    }
    std::string read() {
        std::string received;
        std::array<char, 100> buffer{};
        for (error.clear(); !error;)
            received.append(buffer.data(), server->read_some(buffer, error));
        return received;
    }
};

constexpr std::string_view header = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

}  // namespace

TEST_CASE("a trusted proxy's header is taken off and tells the client's address") {
    conversation c{"10.1.2.3", GENERATE(1u, 2u, 1000u)};
    REQUIRE(c.server->remote_address().empty());
    c.write(header.substr(0, 20));
    REQUIRE(c.read().empty());
    REQUIRE(c.error == asio::error::would_block);
    REQUIRE(c.server->remote_address().empty());
    c.write(header.substr(20));
    c.write("GET / HTTP/1.1\r\n");
    REQUIRE(c.read() == "GET / HTTP/1.1\r\n");
    REQUIRE(c.server->remote_address() == "192.0.2.1");
    c.write(header);
    REQUIRE(c.read() == header);
}

TEST_CASE("a proxy that speaks for itself has its own address") {
    conversation c{"10.1.2.3"};
    c.write("PROXY UNKNOWN\r\nhello");
    REQUIRE(c.read() == "hello");
    REQUIRE(c.server->remote_address() == "10.1.2.3");
}

TEST_CASE("a trusted proxy must send a header") {
    conversation c{"10.1.2.3"};
    c.write("GET / HTTP/1.1\r\n");
    REQUIRE(c.read().empty());
    REQUIRE(c.error == errc::bad_request);
    REQUIRE(c.read().empty());
    REQUIRE(c.error == errc::bad_request);

    conversation cut{"10.1.2.3"};
    cut.write(header.substr(0, 20));
    cut.peer.close();
    REQUIRE(cut.read().empty());
    REQUIRE(cut.error == asio::error::eof);
}

TEST_CASE("whoever is not trusted cannot announce an address") {
    for (const auto* address : {"11.1.2.3", "", "memory"}) {
        conversation c{address};
        c.write(header);
        REQUIRE(c.read() == header);
        REQUIRE(c.server->remote_address() == address);
    }
}

TEST_CASE("whoever is not trusted may be refused, and the next is served") {
    conversation c{"11.1.2.3", SIZE_MAX, true};
    REQUIRE(!c.server);
    std::array<char, 10> buffer{};
    c.peer.read_some(buffer, c.error);
    REQUIRE(c.error == asio::error::eof);
    const auto trusted = c.below.connect({.remote_address = "10.0.0.1"});
    c.io.restart();
    c.io.run();
    REQUIRE(c.server);
}

TEST_CASE("after one that was refused, the next still goes to the io_context that was asked for") {
    using tcp_socket = asio::ip::tcp::socket;
    asio::io_context io, of_stream;
    proxied<> outward{{.trusted = {"127.0.0.2"}, .refuse_others = true}};
    auto acceptor = outward.listen(io, {.address = "127.0.0.1"});
    std::optional<proxied<>::stream> server;
    acceptor.async_accept(of_stream, [&](std::error_code error, proxied<>::stream s) {
        if (!error) server.emplace(std::move(s));
    });
    const asio::ip::tcp::endpoint where{asio::ip::address_v4::loopback(), acceptor.port()};
    tcp_socket refused{io}, trusted{io};
    refused.connect(where);
    trusted.open(where.protocol());
    trusted.bind({asio::ip::make_address("127.0.0.2"), 0});
    trusted.connect(where);
    io.run();
    REQUIRE(server);

    int calls = 0;
    server->async_wait_writable([&](std::error_code e) { calls += !e; });
    io.restart();
    REQUIRE(io.poll() == 0);
    of_stream.run();
    REQUIRE(calls == 1);
}

TEST_CASE("a proxied transport writes, waits and ends as the one below") {
    conversation c{"10.1.2.3"};
    int woken = 0;
    c.server->async_wait_writable([&](std::error_code e) { woken += !e; });
    c.server->async_wait_readable([&](std::error_code e) { woken += !e; });
    c.write(header);
    c.io.restart();
    c.io.run();
    REQUIRE(woken == 2);
    c.server->write_some(std::array<asio::const_buffer, 1>{asio::buffer("hello", 5)}, c.error);
    REQUIRE(c.peer.available() == 5);
    c.server->shutdown();
    std::array<char, 10> buffer{};
    REQUIRE(c.peer.read_some(buffer, c.error) == 5);
    c.peer.read_some(buffer, c.error);
    REQUIRE(c.error == asio::error::eof);
    c.server->close();
    REQUIRE(c.acceptor.port() == 0);
    c.acceptor.close();
    REQUIRE(!c.below.connect().is_open());
}

TEST_CASE("a proxied transport connects without a header") {
    asio::io_context io;
    memory below;
    wire outward{{}, below};
    auto acceptor = below.listen(io, {});
    std::optional<wire::stream> client;
    std::optional<memory_stream> server;
    acceptor.async_accept([&](std::error_code, memory_stream s) { server.emplace(std::move(s)); });
    outward.async_connect(io, {},
                          [&](std::error_code, wire::stream s) { client.emplace(std::move(s)); });
    io.run();
    std::error_code error;
    std::array<char, 10> buffer{};
    client->write_some(std::array<asio::const_buffer, 1>{asio::buffer("hello", 5)}, error);
    REQUIRE(server->read_some(buffer, error) == 5);
}
