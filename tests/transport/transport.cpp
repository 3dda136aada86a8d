#include <millrace/transport/transport.hpp>

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include <asio/error.hpp>

#include <millrace/transport/memory.hpp>
#include <millrace/transport/proxied.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/unix_socket.hpp>

#include "catch.hpp"
#include "temporary_folder.hpp"
#include "two_threads.hpp"

using namespace millrace;

static_assert(connecting_transport<tcp> && connecting_transport<memory>);
static_assert(connecting_transport<unix_socket>);
static_assert(!transport<int>);
static_assert(distributing_transport<tcp> && distributing_transport<unix_socket>);
static_assert(distributing_transport<proxied<>> && !distributing_transport<proxied<memory>>);
static_assert(!distributing_transport<memory>);

namespace {

template <class Transport>
using two_ends = std::pair<typename Transport::stream, typename Transport::stream>;

template <class Transport>
two_ends<Transport> connected(asio::io_context& io, Transport wire) {
    using stream = typename Transport::stream;
    const temporary_folder folder;
    const auto address = std::same_as<Transport, unix_socket> ? folder / "socket" : "127.0.0.1";
    auto acceptor = wire.listen(io, {.address = address, .port = 0});
    std::optional<stream> client, server;
    acceptor.async_accept([&](std::error_code, stream s) { server.emplace(std::move(s)); });
    wire.async_connect(io, {.host = address, .port = acceptor.port()},
                       [&](std::error_code, stream s) { client.emplace(std::move(s)); });
    while (!server || !client) io.run_one();
    return {std::move(*client), std::move(*server)};
}

}  // namespace

/// What every transport must do alike.
TEMPLATE_TEST_CASE("a transport's streams", "", tcp, memory, unix_socket, proxied<>) {
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

TEMPLATE_TEST_CASE("an acceptor hands its connections to an io_context of another thread", "", tcp,
                   unix_socket, proxied<>) {
    const temporary_folder folder;
    const auto address = std::same_as<TestType, unix_socket> ? folder / "socket" : "127.0.0.1";
    shared_work result;
    share_work(result, TestType{}, TestType{}, address, 90);
    REQUIRE(result.accepted == 90);
    REQUIRE(result.dropped == 30);
    REQUIRE(result.echoed == 60);
    REQUIRE(result.unheard == 30);
    REQUIRE(result.served >= 60);
    REQUIRE(result.misplaced == 0);
}
