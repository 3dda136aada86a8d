#include <millrace/testing/blocking_socket.hpp>

#include <array>
#include <chrono>
#include <string>
#include <system_error>

#include "catch.hpp"
#include "scripted_server.hpp"

using namespace millrace;
using namespace millrace::testing;
using namespace millrace::testing::tests;
using namespace std::chrono_literals;

namespace {

std::error_code error_of(const auto& action) {
    try {
        action();
    } catch (const std::system_error& error) {
        return error.code();
    }
    return {};
}

}  // namespace

TEST_CASE("bytes go both ways, and the end is seen") {
    scripted_server server{[](auto& peer) { peer.write("got " + peer.read(5)); }};
    blocking_socket socket{"127.0.0.1", server.port(), 10s};
    socket.write("hello", 10s);
    std::string all;
    std::array<char, 100> chunk;
    for (;;) {
        const auto size = socket.read_some(chunk, 10s);
        REQUIRE(size);
        if (*size == 0) break;
        all.append(chunk.data(), *size);
    }
    CHECK(all == "got hello");
}

TEST_CASE("a read that gets nothing in time gives nothing, and loses nothing") {
    scripted_server server{[](auto& peer) {
        peer.read(1);
        peer.write("late");
        peer.read_to_end();
    }};
    blocking_socket socket{"127.0.0.1", server.port(), 10s};
    std::array<char, 100> chunk;
    CHECK_FALSE(socket.read_some(chunk, 0ms));
    CHECK_FALSE(socket.read_some(chunk, 1ms));
    socket.write("x", 10s);
    CHECK(socket.read_some(chunk, 10s) == 4u);
}

TEST_CASE("a write to a peer that does not read ends in time") {
    asio::io_context context;
    asio::ip::tcp::acceptor never_reads{context, {asio::ip::address_v4::loopback(), 0}};
    blocking_socket socket{"127.0.0.1", never_reads.local_endpoint().port(), 10s};
    const std::string much(64 * 1024 * 1024, 'x');
    CHECK(error_of([&] { socket.write(much, 50ms); }) == errc::timed_out);
}

TEST_CASE("a host that cannot be reached is an error") {
    std::uint16_t unused_port = 0;
    {
        asio::io_context context;
        asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
        unused_port = acceptor.local_endpoint().port();
    }
    CHECK(error_of([&] { blocking_socket("127.0.0.1", unused_port, 10s); }) ==
          asio::error::connection_refused);
}
