#include <millrace/transport/tls_stream.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/transport/memory.hpp>
#include <millrace/transport/transport.hpp>

#include "catch.hpp"
#include "certificates.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using stream = tls_stream<memory_stream>;

namespace {

struct test_contexts {
    tls_context server, client, client_of_tls_1_2;

    test_contexts() {
        const temporary_folder folder;
        const certificate authority{"Authority"};
        authority.save(folder / "ca.pem");
        authority.issue({.common_name = "server", .names = "DNS:server.example"})
            .save(folder / "server.pem");
        const tls_options options{.certificate_file = folder / "server.pem",
                                  .ca_file = folder / "ca.pem"};
        server = detail::make_server_context(options);
        client = detail::make_client_context(options);
        client_of_tls_1_2 = detail::make_client_context(options);
        SSL_CTX_set_max_proto_version(client_of_tls_1_2.get(), TLS1_2_VERSION);
        // To see that the server refuses.
        ::SSL_CTX_clear_options(client_of_tls_1_2.get(), SSL_OP_NO_RENEGOTIATION);
    }
};

const test_contexts& contexts() {
    static const test_contexts made;
    return made;
}

/// Reads all that comes, by readiness.
struct receiver {
    stream& from;
    std::size_t at_once = 64 * 1024;
    std::string received{};
    std::error_code error{};  ///< which ended it

    void go() {
        std::vector<char> buffer(at_once);
        while (!error) {
            const auto size = from.read_some(buffer, error);
            received.append(buffer.data(), size);
        }
        if (error != asio::error::would_block) return;
        error.clear();
        from.async_wait_readable([this](std::error_code e) { e ? error = e, void() : go(); });
    }
};

/// Writes by readiness.
struct sender {
    stream& to;
    std::string rest{};
    std::error_code error{};

    void send(std::string_view bytes) {
        rest += bytes;
        go();
    }
    void go() {
        const std::array<asio::const_buffer, 1> parts{asio::buffer(rest)};
        rest.erase(0, to.write_some(parts, error));
        if (error == asio::error::would_block) error.clear();
        if (error || rest.empty()) return;
        to.async_wait_writable([this](std::error_code e) { e ? error = e, void() : go(); });
    }
};

struct two_ends {
    asio::io_context io;
    stream client, server;
    receiver at_client{client}, at_server{server};
    sender to_server{client}, to_client{server};

    explicit two_ends(const memory_stream_options& options = {},
                      const tls_context& context = contexts().client,
                      std::size_t operations_of_server = SIZE_MAX) {
        auto [a, b] = memory_stream::connected(io, options);
        if (operations_of_server != SIZE_MAX) b.fail_after(operations_of_server);
        client = stream::connected(io, context, std::move(a), "server.example");
        server = stream::accepted(io, contexts().server, std::move(b));
    }

    /// Until nothing is left to do.
    void run() {
        io.restart();
        io.run();
    }
    void shake_hands() {
        std::error_code error;
        for (int i = 0; i < 10; ++i) {
            client.read_some({}, error);
            server.read_some({}, error);
            run();
        }
        REQUIRE(is_established());
    }
    bool is_established() const {
        return ::SSL_is_init_finished(client.native_handle()) == 1 &&
               ::SSL_is_init_finished(server.native_handle()) == 1;
    }
};

std::string random_text(std::mt19937& random, std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    return text;
}

const std::vector<memory_stream_options> wires{
    {},
    {.max_read_bytes = 1},
    {.capacity_bytes = 100},
    {.capacity_bytes = 1},
    {.capacity_bytes = 5000, .max_read_bytes = 13, .max_write_bytes = 7},
};

}  // namespace

TEST_CASE("TLS carries bytes both ways over any stream, by readiness alone") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    const auto& context = GENERATE(true, false) ? contexts().client : contexts().client_of_tls_1_2;
    for (const auto& wire : wires) {
        CAPTURE(wire.capacity_bytes, wire.max_read_bytes);
        two_ends ends{wire, context};
        const auto to_server = random_text(random, random() % 100'000);
        const auto to_client = random_text(random, random() % 100'000);
        ends.at_server.at_once = random() % 2 == 0 ? 1000 : 100'000;
        ends.to_server.send(to_server);
        ends.at_server.go();
        ends.to_client.send(to_client);
        ends.at_client.go();
        ends.run();
        REQUIRE(ends.at_server.received == to_server);
        REQUIRE(ends.at_client.received == to_client);
        REQUIRE(!ends.at_server.error);
    }
}

TEST_CASE("TLS shakes hands whoever begins, and whatever each waits for") {
    const int turn = GENERATE(range(0, 4));
    two_ends ends;
    const bool client_writes = turn % 2 == 0, server_writes = turn / 2 == 0;
    bool client_ready = false, server_ready = false;
    // Waits come before any read or write.
    const auto on_client = [&](std::error_code) {
        client_ready = true;
        client_writes ? ends.to_server.send("to server") : ends.at_client.go();
    };
    const auto on_server = [&](std::error_code) {
        server_ready = true;
        server_writes ? ends.to_client.send("to client") : ends.at_server.go();
    };
    client_writes ? ends.client.async_wait_writable(on_client)
                  : ends.client.async_wait_readable(on_client);
    server_writes ? ends.server.async_wait_writable(on_server)
                  : ends.server.async_wait_readable(on_server);
    REQUIRE(!client_ready);
    ends.run();
    REQUIRE(client_ready);
    REQUIRE(server_ready);
    ends.at_client.go();
    ends.at_server.go();
    ends.run();
    REQUIRE(ends.at_server.received == (client_writes ? "to server" : ""));
    REQUIRE(ends.at_client.received == (server_writes ? "to client" : ""));
    REQUIRE(::SSL_is_init_finished(ends.server.native_handle()) == 1);
}

TEST_CASE("TLS that is done with its handshake by a read wakes who waits to write") {
    const auto& context = GENERATE(true, false) ? contexts().client : contexts().client_of_tls_1_2;
    two_ends ends{{}, context};
    ends.to_server.send("hello");  // waits for the server's half of the handshake
    std::array<char, 100> buffer{};
    std::error_code error;
    for (int i = 0; i < 10; ++i) {
        ends.server.read_some(buffer, error);
        // A read that nobody has announced takes what the writer waits for.
        ends.client.read_some(buffer, error);
    }
    ends.at_server.go();
    ends.run();
    REQUIRE(ends.at_server.received == "hello");
}

TEST_CASE("TLS says readable at once while it holds bytes that the stream below has not") {
    two_ends ends;
    ends.shake_hands();
    ends.to_client.send("0123456789");
    std::array<char, 2> buffer{};
    std::error_code error;
    std::string received;
    int wakes = 0;
    const std::function<void(std::error_code)> on_readable = [&](std::error_code) {
        ++wakes;
        received.append(buffer.data(), ends.client.read_some(buffer, error));
        if (received.size() < 10) ends.client.async_wait_readable(on_readable);
    };
    ends.client.async_wait_readable(on_readable);
    REQUIRE(wakes == 0);
    ends.run();
    REQUIRE(received == "0123456789");
    REQUIRE(wakes == 5);

    // With nothing held it waits, instead of turning in circles.
    ends.client.async_wait_readable([&](std::error_code) { ++wakes; });
    ends.run();
    REQUIRE(wakes == 5);
}

TEST_CASE("TLS gives several records to one read") {
    two_ends ends;
    ends.shake_hands();
    ends.to_client.send("one");
    ends.to_client.send("two");
    std::array<char, 100> buffer{};
    std::error_code error;
    REQUIRE(ends.client.read_some(buffer, error) == 6);
    REQUIRE(!error);
}

TEST_CASE("TLS puts small buffers into one record") {
    two_ends ends;
    ends.shake_hands();
    const std::string part(20, 'x');
    const std::vector<asio::const_buffer> parts(30, asio::buffer(part));
    const auto before = ::BIO_number_written(::SSL_get_wbio(ends.server.native_handle()));
    std::error_code error;
    REQUIRE(ends.server.write_some(parts, error) == 600);
    REQUIRE(::BIO_number_written(::SSL_get_wbio(ends.server.native_handle())) - before < 650);
}

TEST_CASE("TLS tells the peer's end from a connection that was cut") {
    two_ends ends;
    ends.shake_hands();
    ends.at_client.go();
    ends.at_server.go();
    SECTION("close_notify") {
        ends.to_client.send("last");
        ends.server.shutdown();
        ends.run();
        REQUIRE(ends.at_client.received == "last");
        REQUIRE(ends.at_client.error == asio::error::eof);
        // The other direction goes on.
        ends.to_server.send("still here");
        ends.run();
        REQUIRE(ends.at_server.received == "still here");
        ends.client.shutdown();
        ends.run();
        REQUIRE(ends.at_server.error == asio::error::eof);
        ends.to_server.send("too late");
        REQUIRE(ends.to_server.error == asio::error::broken_pipe);
    }
    SECTION("cut") {
        ends.to_client.send("not all");
        ends.server.close();
        ends.run();
        REQUIRE(ends.at_client.received == "not all");
        REQUIRE(ends.at_client.error == tls_errc::truncated);
        std::error_code error;
        REQUIRE(ends.client.read_some({}, error) == 0);
        REQUIRE(error == tls_errc::truncated);
        ends.to_server.send("nobody there");
        REQUIRE(ends.to_server.error == tls_errc::truncated);
    }
    SECTION("before the handshake") {
        two_ends early;
        early.at_client.go();
        early.server.shutdown();
        early.run();
        REQUIRE(early.at_client.error == tls_errc::truncated);
    }
}

TEST_CASE("closing a TLS stream ends what waits, once, and it stays closed") {
    two_ends ends{{.capacity_bytes = 10'000}};
    const bool is_established = GENERATE(true, false);
    if (is_established) ends.shake_hands();
    const std::string much(100'000, 'x');
    const std::array<asio::const_buffer, 1> parts{asio::buffer(much)};
    std::array<char, 10> buffer{};
    std::error_code error, reader, writer;
    int calls = 0;
    while (!error) ends.server.write_some(parts, error);
    REQUIRE(error == asio::error::would_block);
    ends.server.async_wait_readable([&](std::error_code e) { ++calls, reader = e; });
    ends.server.async_wait_writable([&](std::error_code e) { ++calls, writer = e; });
    SECTION("by close") {
        ends.server.close();
        ends.server.close();
    }
    SECTION("by the end of its life") { ends.server = stream{}; }
    REQUIRE(calls == 0);
    ends.run();
    REQUIRE(calls == 2);
    REQUIRE(reader == asio::error::operation_aborted);
    REQUIRE(writer == asio::error::operation_aborted);
    REQUIRE(ends.server.read_some(buffer, error) == 0);
    REQUIRE(error == asio::error::bad_descriptor);
    REQUIRE(ends.server.write_some(parts, error) == 0);
    REQUIRE(error == asio::error::bad_descriptor);
    ends.server.shutdown();
}

TEST_CASE("what waits on a closed TLS stream goes with its io_context, if not before") {
    std::weak_ptr<stream> left;
    {
        two_ends ends;
        ends.shake_hands();
        const auto owner = std::make_shared<stream>(std::move(ends.server));
        owner->async_wait_readable([owner](std::error_code) {});
        left = owner;
        owner->close();
    }
    REQUIRE(left.expired());
}

TEST_CASE("TLS lets its writer take back whatever it has not taken, and no more") {
    // As the endpoint's outbox does: under pressure it drops frames of which nothing was written.
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    for (int round = 0; round < 20; ++round) {
        two_ends ends{{.capacity_bytes = 1 + random() % 20'000}};
        ends.at_server.go();
        ends.at_server.at_once = 1 + random() % 5000;
        std::deque<std::string> frames;
        for (int i = 0; i < 200; ++i)
            frames.push_back(random_text(random, 2 + random() % (i % 10 == 0 ? 40'000 : 200)));
        std::size_t written = 0;  // of the first
        std::string sent;
        const std::function<void(std::error_code)> write = [&](std::error_code error) {
            while (!error && !frames.empty()) {
                std::vector<asio::const_buffer> parts;
                for (const auto& frame : frames) parts.push_back(asio::buffer(frame));
                parts.front() += written;
                written += ends.client.write_some(parts, error);
                while (!frames.empty() && written >= frames.front().size()) {
                    written -= frames.front().size();
                    sent += frames.front();
                    frames.pop_front();
                }
            }
            if (frames.empty()) return;
            REQUIRE(error == asio::error::would_block);
            const std::size_t at = written != 0 ? 1 : 0;
            if (frames.size() > at && random() % 2 == 0)
                frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
            if (!frames.empty()) ends.client.async_wait_writable(write);
        };
        write({});
        ends.run();
        REQUIRE(frames.empty());
        REQUIRE(ends.at_server.received == sent);
        // Nothing that was taken is lost by closing at once.
        ends.client.close();
        ends.run();
        REQUIRE(ends.at_server.received == sent);
    }
}

TEST_CASE("TLS never has the first byte alone of a buffer that its writer may take back") {
    two_ends ends{{.capacity_bytes = 1000}};
    ends.shake_hands();
    ends.at_client.go();
    const std::string first(16'383, '1');  // a record but one byte
    std::string second(100, '2');
    std::error_code error;
    const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
    std::size_t taken = ends.server.write_some(both, error);
    REQUIRE(taken < first.size());
    second.assign(100, '3');
    ends.to_client.send(first.substr(taken) + second);
    ends.run();
    REQUIRE(ends.at_client.received == first + second);
}

TEST_CASE("what TLS has taken has been taken by the stream below") {
    for (const std::size_t size : {2u, 100u, 16'384u, 16'385u, 50'000u}) {
        two_ends ends{{.capacity_bytes = 6000}};
        ends.shake_hands();
        ends.at_client.go();
        const std::string text(size, 'x');
        std::size_t taken = 0;
        const std::function<void(std::error_code)> write = [&](std::error_code error) {
            const std::array<asio::const_buffer, 1> parts{asio::buffer(text) + taken};
            while (!error && taken != text.size()) taken += ends.server.write_some(parts, error);
            if (taken == text.size()) return ends.server.close();
            ends.server.async_wait_writable(write);
        };
        write({});
        ends.run();
        REQUIRE(ends.at_client.received.size() == size);
    }
}

TEST_CASE("TLS keeps no more than a record for a peer that does not read") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    constexpr std::size_t capacity = 50'000, max_record_bytes = 16'384 + 256;
    two_ends ends{{.capacity_bytes = capacity}};
    ends.shake_hands();
    const auto text = random_text(random, 1'000'000);
    BIO* const below = ::SSL_get_wbio(ends.server.native_handle());
    const auto before = ::BIO_number_written(below);
    std::size_t taken = 0;
    std::error_code error;
    for (int attempt = 0; attempt < 100; ++attempt) {
        error.clear();
        const std::array<asio::const_buffer, 1> parts{asio::buffer(text) + taken};
        while (!error) taken += ends.server.write_some(parts, error);
        REQUIRE(error == asio::error::would_block);
        ends.run();
    }
    REQUIRE(taken > capacity / 2);
    REQUIRE(taken < capacity + max_record_bytes);
    REQUIRE(::BIO_number_written(below) - before < capacity + max_record_bytes);

    ends.at_client.go();
    ends.to_client.send(std::string_view{text}.substr(taken));
    ends.run();
    REQUIRE(ends.at_client.received == text);
}

TEST_CASE("TLS ends a connection whose peer asks for answers and reads none") {
    constexpr std::size_t capacity = 1000, max_waiting_bytes = 256 * 1024;
    two_ends ends{{.capacity_bytes = capacity}};
    ends.shake_hands();
    BIO* const below = ::SSL_get_wbio(ends.server.native_handle());
    const auto before = ::BIO_number_written(below);
    ends.at_server.go();
    int updates = 0;
    while (!ends.at_server.error && ++updates < 100'000) {
        ::SSL_key_update(ends.client.native_handle(), SSL_KEY_UPDATE_REQUESTED);
        ends.to_server.send("x");
        ends.run();
    }
    REQUIRE(ends.at_server.error == asio::error::no_buffer_space);
    const auto written = ::BIO_number_written(below) - before;
    REQUIRE(written > max_waiting_bytes / 2);
    REQUIRE(written <= max_waiting_bytes + capacity);
}

TEST_CASE("TLS over a stream that fails at any operation says so and comes to an end") {
    std::size_t operations = 0;
    for (bool is_through = false; !is_through; ++operations) {
        CAPTURE(operations);
        REQUIRE(operations < 1000);
        two_ends ends{
            {.capacity_bytes = 700, .max_read_bytes = 300}, contexts().client, operations};
        const std::string text(3000, 'x');
        ends.to_server.send(text);
        ends.at_server.go();
        ends.to_client.send(text);
        ends.at_client.go();
        ends.run();
        is_through = ends.at_server.received == text && ends.at_client.received == text;
        if (is_through) break;
        REQUIRE((ends.at_server.error || ends.to_client.error));
        REQUIRE(text.starts_with(ends.at_server.received));
        REQUIRE(text.starts_with(ends.at_client.received));
    }
    REQUIRE(operations > 20);
}

TEST_CASE("TLS refuses what is no TLS") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    asio::io_context io;
    auto [peer, lower] = memory_stream::connected(io);
    auto server = stream::accepted(io, contexts().server, std::move(lower));
    receiver at_server{server};
    std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const bool is_http = GENERATE(true, false);
    if (!is_http) bytes = random_text(random, 1000);
    std::error_code error;
    peer.write_some(std::array<asio::const_buffer, 1>{asio::buffer(bytes)}, error);
    at_server.go();
    io.run();
    REQUIRE(at_server.error.category() == tls_category());
    if (is_http) REQUIRE(at_server.error.message() == "http request");
    REQUIRE(at_server.received.empty());
}

TEST_CASE("TLS takes so many bytes of an unfinished handshake") {
    asio::io_context io;
    constexpr std::size_t capacity = 4096;
    auto [peer, lower] = memory_stream::connected(io, {.capacity_bytes = capacity});
    // A ClientHello of 131,071 bytes, which OpenSSL would wait for, in records of 16 KB.
    const std::string hello = std::string{"\x01\x01\xff\xff"} + std::string(131'071, 'x');
    std::string bytes;
    for (std::size_t at = 0; at < hello.size(); at += 16'384)
        bytes += std::string{"\x16\x03\x01\x40\x00", 5} + hello.substr(at, 16'384);

    auto server = stream::accepted(io, contexts().server, std::move(lower));
    receiver at_server{server};
    at_server.go();
    std::size_t taken = 0;
    while (taken != bytes.size() && !at_server.error) {
        std::error_code full;
        taken +=
            peer.write_some(std::array<asio::const_buffer, 1>{asio::buffer(bytes) + taken}, full);
        io.restart();
        io.poll();
    }
    REQUIRE(at_server.error == asio::error::message_size);
    REQUIRE(taken <= 64 * 1024 + 2 * capacity);
    REQUIRE(!server.is_established());
}

TEST_CASE("TLS does not negotiate a second time") {
    two_ends ends{{}, contexts().client_of_tls_1_2};
    ends.shake_hands();
    REQUIRE(::SSL_renegotiate(ends.client.native_handle()) == 1);
    ends.at_server.go();
    ends.to_server.send("hello");
    ends.at_client.go();
    ends.run();
    REQUIRE(SSL_num_renegotiations(ends.server.native_handle()) == 0);
}

TEST_CASE("a TLS stream has the address of the stream below, and nobody's certificate") {
    two_ends ends;
    ends.shake_hands();
    REQUIRE(ends.server.remote_address() == "memory");
    REQUIRE(ends.server.peer_subject().empty());
    REQUIRE(ends.client.peer_subject() == "CN=server,O=Example");
    REQUIRE(stream{}.remote_address().empty());
    REQUIRE(stream{}.peer_subject().empty());
    REQUIRE(stream{}.native_handle() == nullptr);
}

TEST_CASE("a TLS client must know whom it expects") {
    asio::io_context io;
    for (const auto& name : {std::string{}, std::string(300, 'x'), std::string{"a\0b", 3}})
        REQUIRE_THROWS_AS(stream::connected(io, contexts().client, memory_stream{}, name),
                          std::system_error);
}
