#include <millrace/transport/unix_socket.hpp>

#include <algorithm>
#include <array>
#include <barrier>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
namespace fs = std::filesystem;
using local = asio::local::stream_protocol;

namespace {

struct attempt {
    std::error_code error;
    std::optional<unix_stream> stream;
    int calls = 0;
    std::function<void()> cancel;

    attempt(asio::io_context& io, const std::string& path) {
        cancel = unix_socket{}.async_connect(io, {.host = path}, [this](std::error_code e, auto s) {
            error = e;
            stream.emplace(std::move(s));
            ++calls;
        });
    }
    void run(asio::io_context& io) {
        io.restart();
        while (calls == 0) io.run_one();
    }
};

/// What a server leaves that had no time to tidy up.
void leave_stale_file(asio::io_context& io, const std::string& path) {
    local::acceptor dead{io, local::endpoint{path}};
}

/// A server that takes the first connection that comes.
class greeter {
public:
    greeter(asio::io_context& io, const std::string& path, unix_socket wire = {})
        : acceptor{wire.listen(io, {.address = path})} {
        acceptor.async_accept([this](std::error_code error, unix_stream s) {
            if (!error) stream.emplace(std::move(s));
        });
    }

    unix_acceptor acceptor;
    std::optional<unix_stream> stream;
};

bool connects(asio::io_context& io, const std::string& path) {
    attempt a{io, path};
    a.run(io);
    return !a.error;
}

}  // namespace

TEST_CASE("a Unix socket connects by its path") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    greeter server{io, path};
    REQUIRE(server.acceptor.port() == 0);
    attempt client{io, path};
    REQUIRE(client.calls == 0);
    client.run(io);
    while (!server.stream) io.run_one();
    REQUIRE(!client.error);
    REQUIRE(server.stream->remote_address() == "unix");

    std::error_code error;
    const std::array<asio::const_buffer, 1> parts{asio::buffer("ping", 4)};
    REQUIRE(client.stream->write_some(parts, error) == 4);
    std::array<char, 16> buffer{};
    REQUIRE(server.stream->read_some(buffer, error) == 4);
    client.stream->close();
    REQUIRE(server.stream->read_some(buffer, error) == 0);
    REQUIRE(error == asio::error::eof);
}

TEST_CASE("a Unix socket's file is open to its owner and group, or as told") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    const auto mode = GENERATE(0660u, 0600u, 0666u);
    const auto mask = ::umask(GENERATE(0u, 077u));
    const greeter server{io, path, {mode}};
    ::umask(mask);
    REQUIRE(fs::status(path).permissions() == static_cast<fs::perms>(mode));
    REQUIRE(unix_socket{}.mode == 0660);
}

TEST_CASE("a Unix socket's file goes with its server") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    std::optional<greeter> server{std::in_place, io, path};
    REQUIRE(fs::is_socket(path));
    SECTION("when it closes") {
        server->acceptor.close();
        server->acceptor.close();
    }
    SECTION("when it is destroyed") { server.reset(); }
    SECTION("when it has moved") {
        server->acceptor.close();
        auto first = unix_socket{}.listen(io, {.address = path});
        {
            const auto second = std::move(first);
            REQUIRE(fs::exists(path));
        }
    }
    REQUIRE(!fs::exists(path));
    attempt late{io, path};
    late.run(io);
    REQUIRE(late.error.value() == ENOENT);
}

TEST_CASE("a Unix socket takes the place of a dead server's, and of no other file") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";

    leave_stale_file(io, path);
    REQUIRE(fs::is_socket(path));
    REQUIRE(!connects(io, path));
    greeter server{io, path};
    REQUIRE(connects(io, path));

    REQUIRE_THROWS_AS(unix_socket{}.listen(io, {.address = path}), std::system_error);
    REQUIRE(fs::is_socket(path));
    REQUIRE(connects(io, path));

    std::ofstream{folder / "file"} << "precious";
    REQUIRE_THROWS_AS(unix_socket{}.listen(io, {.address = folder / "file"}), std::system_error);
    REQUIRE(fs::file_size(folder / "file") == 8);
    fs::create_symlink(path, folder / "link");
    REQUIRE_THROWS_AS(unix_socket{}.listen(io, {.address = folder / "link"}), std::system_error);
}

TEST_CASE("of Unix servers that start at once over a dead one's file, one gets the path") {
    asio::io_context io;
    const temporary_folder folder;
    constexpr int servers = 3;
    for (int round = 0; round < 200; ++round) {
        const auto path = folder / ("socket " + std::to_string(round));
        leave_stale_file(io, path);
        std::array<asio::io_context, servers> contexts;
        std::array<std::optional<unix_acceptor>, servers> started;
        std::array<std::error_code, servers> errors;
        std::barrier all_at_once{servers};
        const auto start = [&](std::size_t i) {
            all_at_once.arrive_and_wait();
            try {
                started[i].emplace(unix_socket{}.listen(contexts[i], {.address = path}));
            } catch (const std::system_error& e) {
                errors[i] = e.code();
            }
        };
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < servers; ++i) threads.emplace_back(start, i);
        for (auto& each : threads) each.join();

        REQUIRE(std::ranges::count_if(started, [](const auto& s) { return s.has_value(); }) == 1);
        REQUIRE(std::ranges::count(errors, asio::error::address_in_use) == servers - 1);
        REQUIRE(connects(io, path));
        for (auto& each : started) each.reset();
        REQUIRE(fs::is_empty(folder / ""));
    }
}

TEST_CASE("a Unix server that died while it started is in nobody's way") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    std::ofstream{path + ".starting"};
    const greeter server{io, path};
    REQUIRE(connects(io, path));
    REQUIRE(!fs::exists(path + ".starting"));
}

TEST_CASE("a Unix socket does not remove the file of its successor") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    greeter first{io, path};
    fs::remove(path);
    const greeter second{io, path};
    first.acceptor.close();
    REQUIRE(fs::is_socket(path));
    REQUIRE(connects(io, path));
}

TEST_CASE("a Unix socket refuses what cannot be a path") {
    asio::io_context io;
    const temporary_folder folder;
    for (const auto& path : {std::string{}, std::string(200, 'x'), std::string{"\0abstract", 9},
                             folder / "missing/socket"}) {
        CHECK_THROWS_AS(unix_socket{}.listen(io, {.address = path}), std::system_error);
        CHECK(!connects(io, path));
    }
    for (const std::string address : {"127.0.0.1", "::1"}) {
        CHECK_THROWS_AS(unix_socket{}.listen(io, {.address = address}), std::invalid_argument);
        CHECK_FALSE(fs::exists(address));
    }
}

TEST_CASE("a Unix socket says when too many wait for the server") {
    asio::io_context io;
    const temporary_folder folder;
    const auto path = folder / "socket";
    const auto acceptor = unix_socket{}.listen(io, {.address = path, .backlog = 1});
    std::list<attempt> waiting;
    do {
        waiting.emplace_back(io, path).run(io);
        REQUIRE(waiting.size() < 10);
    } while (!waiting.back().error);
    REQUIRE(waiting.back().error == asio::error::no_buffer_space);
}

TEST_CASE("an attempt to connect to a Unix socket can be ended, and calls back once") {
    asio::io_context io;
    const temporary_folder folder;
    const greeter server{io, folder / "socket"};
    attempt a{io, folder / "socket"};
    a.cancel();
    a.run(io);
    a.cancel();
    io.poll();
    REQUIRE(a.calls == 1);
    REQUIRE(a.error == asio::error::operation_aborted);
}
