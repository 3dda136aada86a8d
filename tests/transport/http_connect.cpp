#include <millrace/transport/http_connect.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include <millrace/transport/memory.hpp>
#include <millrace/transport/tcp.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

/// A client that asks for a tunnel, and the proxy's end of its connection.
struct conversation {
    asio::io_context io;
    std::pair<memory_stream, memory_stream> ends;
    memory_stream& proxy = ends.second;
    std::error_code error;
    std::optional<memory_stream> tunnel;
    int calls = 0;
    std::function<void()> cancel;

    explicit conversation(const std::string& host = "example.org", std::uint16_t port = 443,
                          const memory_stream_options& options = {})
        : ends{memory_stream::connected(io, options)} {
        cancel = async_http_connect(std::move(ends.first), host, port,
                                    [this](std::error_code e, memory_stream s) {
                                        ++calls;
                                        error = e;
                                        tunnel.emplace(std::move(s));
                                    });
        run();
    }

    void run() {
        io.restart();
        io.poll();
    }
    std::string request() {
        std::string text;
        std::array<char, 64> buffer{};
        std::error_code end;
        while (!end) {
            text.append(buffer.data(), proxy.read_some(buffer, end));
            run();
        }
        return text;
    }
    void answer(std::string_view text) {
        for (std::error_code full; !text.empty() && !full; run())
            text.remove_prefix(proxy.write_some(
                std::array<asio::const_buffer, 1>{asio::buffer(text.data(), text.size())}, full));
    }
};

std::error_code outcome_of(std::string_view response) {
    conversation c;
    c.answer(response);
    c.proxy.close();
    c.run();
    REQUIRE(c.calls == 1);
    return c.error;
}

}  // namespace

TEST_CASE("an HTTP proxy is asked for the host and port, RFC 9110 9.3.6") {
    CHECK(conversation{}.request() ==
          "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    CHECK(conversation{"::1", 80}.request() ==
          "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    conversation slow{"example.org", 443, {.capacity_bytes = 3, .max_write_bytes = 2}};
    CHECK(slow.request() == conversation{}.request());
}

TEST_CASE("what follows the proxy's head is the tunnel's first") {
    const std::size_t at_once = GENERATE(1u, 7u, 1000u);
    conversation c{"example.org", 443, {.max_read_bytes = at_once}};
    c.request();
    const std::string_view response = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    c.answer(response.substr(0, response.size() - 1));
    REQUIRE(c.calls == 0);
    c.answer("\nfirst");
    REQUIRE(c.calls == 1);
    REQUIRE(!c.error);
    REQUIRE(c.tunnel->available() == 5);
    c.answer("second");
    REQUIRE(c.tunnel->available() == 11);
}

TEST_CASE("an HTTP proxy's answers other than 2xx are errors") {
    CHECK(!outcome_of("HTTP/1.1 204 No Content\r\n\r\n"));
    CHECK(!outcome_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 OK\r\n\r\n"));
    CHECK(outcome_of("HTTP/1.1 100 Continue\r\n\r\n") == errc::connection_lost);
    CHECK(outcome_of("HTTP/1.1 101 X\r\n\r\nHTTP/1.1 502 No\r\n\r\n") ==
          asio::error::connection_refused);
    CHECK(!outcome_of("HTTP/1.0 200 OK\r\n\r\n"));
    CHECK(!outcome_of("HTTP/1.1 200\r\n\r\n"));
    CHECK(outcome_of("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") == errc::unauthorized);
    CHECK(outcome_of("HTTP/1.1 502 Bad Gateway\r\n\r\n") == asio::error::connection_refused);
    CHECK(outcome_of("HTTP/1.1 2000 OK\r\n\r\n") == errc::bad_request);
    CHECK(outcome_of("HTTP/1.1 20 OK\r\n\r\n") == errc::bad_request);
    CHECK(outcome_of("HTTP/1.1 301 200 \r\n\r\n") == asio::error::connection_refused);
    CHECK(outcome_of("HTTP/2 200 OK\r\n\r\n") == errc::bad_request);
    CHECK(outcome_of("SSH-2.0-x\r\n\r\n") == errc::bad_request);
    CHECK(outcome_of("HTTP/1.1 200 OK\r\n") == errc::connection_lost);
    CHECK(outcome_of("") == errc::connection_lost);
}

TEST_CASE("an HTTP proxy's head is bounded") {
    const std::string start = "HTTP/1.1 200 OK\r\nX: ";
    const auto head = [&](std::size_t bytes) {
        return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
    };
    CHECK(!outcome_of(head(8192)));
    CHECK(outcome_of(head(8193)) == errc::header_too_large);
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(!outcome_of(interim + head(8192 - interim.size())));
    CHECK(outcome_of(interim + head(8193 - interim.size())) == errc::header_too_large);
}

TEST_CASE("a host cannot add lines to the request to a proxy") {
    for (const auto* host : {"a\r\nX: y", "a b", "a\tb", "\x7f"}) {
        conversation c{host};
        CHECK(c.error == asio::error::invalid_argument);
        CHECK(c.request().empty());
    }
}

TEST_CASE("asking a proxy can be ended, and calls back once") {
    conversation c;
    c.cancel();
    c.cancel();
    c.run();
    REQUIRE(c.calls == 1);
    REQUIRE(c.error == asio::error::operation_aborted);
    c.cancel();
}

TEST_CASE("a proxy's name is a host and a port") {
    const auto parsed = [](std::string_view text) {
        const auto to = detail::parse_authority(text);
        return to ? to->host + " " + std::to_string(to->port) : "none";
    };
    CHECK(parsed("proxy.example:3128") == "proxy.example 3128");
    CHECK(parsed("[::1]:80") == "::1 80");
    for (const auto* text : {"", "proxy", "proxy:", ":80", "proxy:80x", "proxy:65536", "::1:80",
                             "[]:80", "http://proxy:80", "proxy:0", "user@proxy:80"}) {
        CAPTURE(text);
        CHECK(parsed(text) == "none");
    }
}

TEST_CASE("tcp connects by way of a proxy") {
    using asio::ip::tcp;
    asio::io_context theirs;
    tcp::acceptor acceptor{theirs, {asio::ip::address_v4::loopback(), 0}};
    std::string request;
    std::thread proxy{[&] {
        auto socket = acceptor.accept();
        const auto size = asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
        request.resize(size);
        asio::write(socket, asio::buffer(std::string_view{"HTTP/1.1 200 OK\r\n\r\nhello"}));
    }};
    asio::io_context io;
    std::string received;
    const auto to_proxy = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    millrace::tcp{}.async_connect(
        io, {.host = "far.example", .port = 9, .proxy = to_proxy},
        [&](std::error_code error, tcp_stream stream) {
            received.resize(5);
            if (!error) stream.read_some({received.data(), received.size()}, error);
            CHECK(!error);
        });
    io.run();
    proxy.join();
    REQUIRE(request == "CONNECT far.example:9 HTTP/1.1\r\nHost: far.example:9\r\n\r\n");
    REQUIRE(received == "hello");
}
