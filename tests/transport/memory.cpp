#include <millrace/transport/memory.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using namespace millrace;

namespace {

std::size_t write(memory_stream& to, std::string_view bytes, std::error_code& error) {
    const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
    return to.write_some(parts, error);
}

std::string read(memory_stream& from, std::error_code& error) {
    std::array<char, 1024> buffer{};
    return {buffer.data(), from.read_some(buffer, error)};
}

}  // namespace

TEST_CASE("memory streams carry bytes both ways") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io);
    std::error_code error;
    REQUIRE(write(a, "to b", error) == 4);
    REQUIRE(write(b, "to a", error) == 4);
    REQUIRE(read(b, error) == "to b");
    REQUIRE(read(a, error) == "to a");
    REQUIRE(!error);
    REQUIRE(read(a, error).empty());
    REQUIRE(error == asio::error::would_block);
}

TEST_CASE("memory calls back once, from the io_context, when there is something to do") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io);
    int calls = 0;
    b.async_wait_readable([&](std::error_code e) { calls += !e; });
    io.poll();
    REQUIRE(calls == 0);
    std::error_code error;
    write(a, "x", error);
    REQUIRE(calls == 0);
    io.restart();
    io.poll();
    REQUIRE(calls == 1);
    write(a, "y", error);
    io.restart();
    io.poll();
    REQUIRE(calls == 1);
}

TEST_CASE("memory splits reads and writes as told") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io, {.max_read_bytes = 1, .max_write_bytes = 2});
    std::error_code error;
    REQUIRE(write(a, "abc", error) == 2);
    REQUIRE(read(b, error) == "a");
    REQUIRE(read(b, error) == "b");
}

TEST_CASE("memory stalls the writer at its capacity, until the reader reads") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io, {.capacity_bytes = 3});
    std::error_code error;
    REQUIRE(write(a, "abcd", error) == 3);
    REQUIRE(write(a, "d", error) == 0);
    REQUIRE(error == asio::error::would_block);

    bool writable = false;
    a.async_wait_writable([&](std::error_code e) { writable = !e; });
    io.poll();
    REQUIRE(!writable);
    error.clear();
    REQUIRE(read(b, error) == "abc");
    io.restart();
    io.poll();
    REQUIRE(writable);
}

TEST_CASE("memory delivers what was written before the end, then the end") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io);
    std::error_code error;
    write(a, "last", error);
    const bool by_shutdown = GENERATE(true, false);
    by_shutdown ? a.shutdown() : a.close();
    REQUIRE(read(b, error) == "last");
    REQUIRE(!error);
    read(b, error);
    REQUIRE(error == asio::error::eof);

    error.clear();
    write(b, "x", error);
    REQUIRE(bool(error) == !by_shutdown);
}

TEST_CASE("closing a memory stream ends what waits on either end") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io, {.capacity_bytes = 1});
    std::error_code error, a_ended, b_ended;
    write(a, "x", error);
    int calls = 0;
    a.async_wait_writable([&](std::error_code e) { ++calls, a_ended = e; });
    b.async_wait_writable([&](std::error_code e) { ++calls, b_ended = e; });
    a.close();
    a.close();
    io.poll();
    REQUIRE(calls == 2);
    REQUIRE(a_ended == asio::error::operation_aborted);
    REQUIRE(!a.is_open());
    read(a, error);
    REQUIRE(error == asio::error::bad_descriptor);
}

TEST_CASE("a memory stream fails at the operation that it is told to") {
    asio::io_context io;
    auto [a, b] = memory_stream::connected(io);
    a.fail_after(1, asio::error::connection_reset);
    std::error_code error;
    REQUIRE(write(a, "x", error) == 1);
    REQUIRE(!error);
    REQUIRE(write(a, "y", error) == 0);
    REQUIRE(error == asio::error::connection_reset);
    error.clear();
    REQUIRE(read(b, error) == "x");
}

TEST_CASE("memory connects to whoever listens") {
    asio::io_context io;
    memory wire;
    REQUIRE(!wire.connect().is_open());

    auto acceptor = wire.listen(io, {});
    auto early = wire.connect();
    std::optional<memory_stream> accepted;
    std::error_code outcome;
    const auto accept = [&] {
        acceptor.async_accept([&](std::error_code e, memory_stream s) {
            outcome = e;
            accepted.emplace(std::move(s));
        });
        io.restart();
        io.poll();
    };
    accept();
    std::error_code error;
    write(early, "hello", error);
    REQUIRE(read(*accepted, error) == "hello");

    wire.fail_accept(std::make_error_code(std::errc::too_many_files_open));
    accept();
    REQUIRE(outcome == std::errc::too_many_files_open);

    acceptor.close();
    accept();
    REQUIRE(outcome == asio::error::operation_aborted);
    REQUIRE(!wire.connect().is_open());
}

TEST_CASE("memory connects out, or is refused when none listens") {
    asio::io_context io;
    memory wire;
    std::vector<std::error_code> outcomes;
    std::optional<memory_stream> client;
    const auto connect = [&] {
        return wire.async_connect(io, {}, [&](std::error_code e, memory_stream s) {
            outcomes.push_back(e);
            client.emplace(std::move(s));
        });
    };
    connect();
    REQUIRE(outcomes.empty());
    io.run();
    REQUIRE(outcomes == std::vector<std::error_code>{asio::error::connection_refused});

    auto acceptor = wire.listen(io, {});
    std::optional<memory_stream> server;
    acceptor.async_accept([&](std::error_code, memory_stream s) { server.emplace(std::move(s)); });
    connect();
    io.restart();
    io.run();
    REQUIRE(!outcomes.back());
    std::error_code error;
    write(*client, "hello", error);
    REQUIRE(read(*server, error) == "hello");

    const auto cancel = connect();
    cancel();
    cancel();
    io.restart();
    io.run();
    REQUIRE(outcomes.size() == 3);
    REQUIRE(outcomes.back() == asio::error::operation_aborted);
    cancel();
}
