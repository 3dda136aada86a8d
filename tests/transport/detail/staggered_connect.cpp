#include <millrace/transport/detail/staggered_connect.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "catch.hpp"

using namespace millrace::detail;
using asio::ip::tcp;

namespace {

tcp::endpoint v4(const char* address, std::uint16_t port = 1) {
    return {asio::ip::make_address(address), port};
}

/// Listens, but has no room for one more connection: who connects gets no answer.
struct black_hole {
    asio::io_context io;
    tcp::acceptor acceptor{io, tcp::v4()};
    std::vector<tcp::socket> waiting;

    black_hole() {
        acceptor.bind({asio::ip::address_v4::loopback(), 0});
        acceptor.listen(0);
        // The system's queue takes one or two.
        for (int i = 0; i != 4; ++i) {
            auto& made = waiting.emplace_back(io);
            made.async_connect(acceptor.local_endpoint(), [](std::error_code) {});
        }
        io.poll();
    }
};

struct outcome {
    std::error_code error;
    tcp::endpoint peer;
    int calls = 0;
};

outcome connect(const std::vector<tcp::endpoint>& addresses, bool is_cancelled = false) {
    asio::io_context io;
    outcome got;
    const auto race = std::make_shared<staggered_connect>(io);
    race->start(addresses, [&](std::error_code error, tcp::socket socket) {
        std::error_code ignored;
        got = {error, socket.is_open() ? socket.remote_endpoint(ignored) : tcp::endpoint{},
               got.calls + 1};
    });
    if (is_cancelled) race->cancel();
    io.run();
    CHECK(got.calls == 1);
    return got;
}

std::uint16_t unused_port() {
    asio::io_context io;
    return tcp::acceptor{io, {asio::ip::address_v4::loopback(), 0}}.local_endpoint().port();
}

}  // namespace

TEST_CASE("families are tried in turn, RFC 8305 section 4") {
    const auto a = v4("2001:db8::1"), b = v4("2001:db8::2"), c = v4("2001:db8::3");
    const auto x = v4("192.0.2.1"), y = v4("192.0.2.2");
    using list = std::vector<tcp::endpoint>;
    CHECK(interleaved({a, b, c, x, y}, 9) == list{a, x, b, y, c});
    CHECK(interleaved({x, a, b, c}, 9) == list{x, a, b, c});
    CHECK(interleaved({x, y}, 9) == list{x, y});
    CHECK(interleaved({a, b, x}, 2) == list{a, x});
    CHECK(interleaved({}, 2).empty());
}

TEST_CASE("an address that swallows packets does not take the others' time") {
    asio::io_context io;
    tcp::acceptor healthy{io, {asio::ip::address_v4::loopback(), 0}};
    const black_hole first, second;
    const auto before = std::chrono::steady_clock::now();
    const auto got = connect({first.acceptor.local_endpoint(), second.acceptor.local_endpoint(),
                              healthy.local_endpoint()});
    CHECK(!got.error);
    CHECK(got.peer == healthy.local_endpoint());
    CHECK(std::chrono::steady_clock::now() - before >= 2 * staggered_connect::delay);
}

TEST_CASE("an address that fails makes way for the next at once") {
    asio::io_context io;
    tcp::acceptor healthy{io, {asio::ip::address_v4::loopback(), 0}};
    const auto refusing = v4("127.0.0.1", unused_port());
    const auto got = connect(std::vector(31, refusing));
    CHECK(got.error == asio::error::connection_refused);
    std::vector all(31, refusing);
    all.push_back(healthy.local_endpoint());
    CHECK(connect(all).peer == healthy.local_endpoint());
}

TEST_CASE("of two addresses that connect one is taken, and the other closed") {
    asio::io_context io;
    tcp::acceptor first{io, {asio::ip::address_v4::loopback(), 0}};
    tcp::acceptor second{io, {asio::ip::address_v4::loopback(), 0}};
    CHECK(connect({first.local_endpoint(), second.local_endpoint()}).peer ==
          first.local_endpoint());
}

TEST_CASE("an attempt that waits for an answer is ended at once") {
    const black_hole silent;
    const auto got =
        connect({silent.acceptor.local_endpoint(), silent.acceptor.local_endpoint()}, true);
    CHECK(got.error == asio::error::operation_aborted);
}

TEST_CASE("a loop that was held up tries each address once") {
    asio::io_context io;
    tcp::acceptor healthy{io, {asio::ip::address_v4::loopback(), 0}};
    std::error_code got = asio::error::not_found;
    const auto race = std::make_shared<staggered_connect>(io);
    race->start({v4("127.0.0.1", unused_port()), healthy.local_endpoint()},
                [&](std::error_code error, const tcp::socket&) { got = error; });
    // The first failure and the end of the wait for it come in one turn.
    std::this_thread::sleep_for(staggered_connect::delay + std::chrono::milliseconds{50});
    io.run();
    CHECK(!got);
}
