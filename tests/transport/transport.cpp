#include <millrace/transport/transport.hpp>

#include <array>
#include <optional>
#include <string>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>

#include <millrace/transport/memory.hpp>
#include <millrace/transport/tcp.hpp>

#include "catch.hpp"

using namespace millrace;

static_assert(transport<tcp> && transport<memory>);
static_assert(!transport<int>);

namespace {

struct two_ends {
    tcp_stream a, b;
};

two_ends connected(asio::io_context& io, tcp wire) {
    auto acceptor = wire.listen(io, {.address = "127.0.0.1", .port = 0});
    asio::ip::tcp::socket client{io};
    client.connect({asio::ip::address_v4::loopback(), acceptor.port()});
    std::optional<tcp_stream> server;
    acceptor.async_accept([&](std::error_code, tcp_stream s) { server.emplace(std::move(s)); });
    io.restart();
    while (!server) io.run_one();
    return {tcp_stream{std::move(client)}, std::move(*server)};
}

std::pair<memory_stream, memory_stream> connected(asio::io_context& io, memory) {
    return memory_stream::connected(io);
}

}  // namespace

/// What every transport must do alike.
TEMPLATE_TEST_CASE("a transport's streams", "", tcp, memory) {
    asio::io_context io;
    auto [a, b] = connected(io, TestType{});
    std::array<char, 64> buffer{};
    std::error_code error;

    SECTION("call back out of the io_context only, and once") {
        int calls = 0;
        a.async_wait_writable([&](std::error_code e) { calls += !e; });
        REQUIRE(calls == 0);
        io.restart();
        while (calls == 0) io.run_one();
        REQUIRE(calls == 1);
    }
    SECTION("never block") {
        a.read_some(buffer, error);
        REQUIRE(error == asio::error::would_block);
        const std::string block(100'000, 'x');
        const std::array<asio::const_buffer, 1> parts{asio::buffer(block)};
        error.clear();
        while (!error) a.write_some(parts, error);
        REQUIRE(error == asio::error::would_block);
    }
    SECTION("tell of the end") {
        a.shutdown();
        std::error_code woken = asio::error::no_data;
        b.async_wait_readable([&](std::error_code e) { woken = e; });
        io.restart();
        while (woken) io.run_one();
        REQUIRE(b.read_some(buffer, error) == 0);
        REQUIRE(error == asio::error::eof);
    }
    SECTION("end what waits when they are closed") {
        std::error_code ended;
        a.async_wait_readable([&](std::error_code e) { ended = e; });
        a.close();
        io.restart();
        while (!ended) io.run_one();
        REQUIRE(ended == asio::error::operation_aborted);
        a.read_some(buffer, error);
        REQUIRE(error);
    }
}
