#include <millrace/endpoint/detail/sessions/http_session.hpp>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <asio/buffer.hpp>

#include <millrace/websocket/frame_writer.hpp>

#include "../../server.hpp"

#if defined(MILLRACE_WITH_TLS)
#include <millrace/transport/tls.hpp>

#include "../../../transport/certificates.hpp"
#include "temporary_folder.hpp"
#endif

using namespace millrace;
namespace fs = std::filesystem;

namespace {

/// Writes without running anything.
template <class Stream>
void put(Stream&& to, std::string_view bytes) {
    std::error_code error;
    const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
    REQUIRE(to.write_some(parts, error) == bytes.size());
}

std::string masked(std::string_view text) {
    std::string frame;
    websocket::append_masked_frame(frame, opcode::text, text, 0x12345678);
    return frame;
}

/// A file too large to be kept in memory, on a server.
struct download {
    fs::path folder = fs::temp_directory_path() / ("millrace-http-" + std::to_string(::getpid()));
    std::string text;
    server s;

    explicit download(endpoint_options options = {}) : s{options} {
        fs::create_directories(folder);
        for (std::size_t i = 0; text.size() < 3'000'000; ++i) text += std::to_string(i) + " ";
        write(text);
        s.endpoint.files("/", folder);
    }
    ~download() { fs::remove_all(folder); }

    void write(const std::string& content) const {
        std::ofstream{folder / "large.txt", std::ios::binary} << content;
    }
};

const std::string ask = "GET /large.txt HTTP/1.1\r\nHost: memory\r\n\r\n";

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a head of more than the shared buffer is answered, and never waited for in vain") {
    const std::string request =
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n";
    const auto answer = [&](std::size_t limit) {
        server s{{.max_head_bytes = limit}};
        memory_client c{s.io, s.wire};
        c.send_raw(request);
        return c.take_raw().substr(0, 12);
    };
    CHECK(answer(100'000) == "HTTP/1.1 200");
    for (const std::size_t limit : {65'535u, 65'536u, 65'537u, 70'000u})
        CHECK(answer(limit) == "HTTP/1.1 431");
}

TEST_CASE("what lay unread while a handler was slow counts before a time is up") {
    std::string got;
    server s{{.handshake_timeout = 5s, .idle_timeout = 60s, .close_timeout = 5s}};
    s.endpoint.on_message("/raw", [&](connection&, std::string_view text) { got += text; });
    SECTION("of a WebSocket") {
        client c{s, "/raw"};
        put(c.stream(), masked("hello"));
        s.advance(10min);
        CHECK(got == "hello");
        CHECK(!c.next());
        s.advance(60s);
        CHECK(code_of_close(c) == close_code::going_away);
    }
    SECTION("of another, while a handler has its message") {
        s.endpoint.on_message("/tick", [&](connection&, std::string_view text) {
            s.endpoint.clock().advance(10min);
            s.endpoint.tick();
            got += text;
        });
        client ticking{s, "/tick"}, other{s, "/raw"};
        put(ticking.stream(), masked("this"));
        put(other.stream(), masked("other"));
        s.run();
        CHECK((got == "thisother" || got == "otherthis"));
        s.advance(0s);
        CHECK(!other.next());
    }
    SECTION("of a request") {
        memory_client c{s.io, s.wire};
        put(c.stream(), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        s.advance(10min);
        CHECK(c.take_raw().starts_with("HTTP/1.1 200"));
    }
    SECTION("but no more than that") {
        memory_client c{s.io, s.wire};
        put(c.stream(), "GET /healthz");
        s.advance(10min);
        CHECK(c.take_raw().starts_with("HTTP/1.1 408"));
    }
}

TEST_CASE("messages that come after a close was sent are counted") {
    server s;
    s.endpoint.on_message("/raw", [](connection& from, std::string_view) { from.close(); });
    client c{s, "/raw"};
    c.send_raw(masked("1") + masked("2") + masked("3"));
    c.send_text("4");
    CHECK(s.counters().messages_in == 1);
    CHECK(s.counters().messages_ignored == 3);
}

TEST_CASE(
    "a large file arrives whole, in whatever pieces the peer takes it, and requests behind it") {
    endpoint_options options;
    options.file_cache_bytes = GENERATE(0u, 32u * 1024 * 1024);
    download d{options};
    memory_stream_options wire;
    wire.capacity_bytes = GENERATE(1'000u, 70'000u, 10'000'000u);
    memory_client who{d.s.io, d.s.wire, wire};
    who.send_raw(ask + "GET /healthz HTTP/1.1\r\nHost: memory\r\n\r\n");
    const std::string answers = who.take_raw();
    const std::string body = body_of(answers);
    REQUIRE(body.substr(0, d.text.size()) == d.text);
    REQUIRE(body.substr(d.text.size()).starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(answers.ends_with("ok\n"));
    REQUIRE(!who.is_ended());
}

TEST_CASE("HEAD of a large file is its head alone") {
    download d;
    memory_client who{d.s.io, d.s.wire};
    who.send_raw("HEAD /large.txt HTTP/1.1\r\nHost: memory\r\n\r\n");
    const std::string answer = who.take_raw();
    REQUIRE(answer.find("Content-Length: " + std::to_string(d.text.size())) != std::string::npos);
    REQUIRE(body_of(answer).empty());
}

TEST_CASE("a file that changes while it is sent ends the connection, and the operator is told") {
    std::size_t told = 0;
    endpoint_options options;
    options.file_cache_bytes = 0;
    options.log = [&](const log_entry& line) {
        if (line.what == log_event::handler_failed) ++told;
    };
    download d{options};
    memory_client who{d.s.io, d.s.wire};
    who.stall();
    who.send_raw(ask);
    d.write("short");
    who.stall(false);
    const std::string answer = who.take_raw();
    REQUIRE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(body_of(answer).size() < d.text.size());
    REQUIRE(d.text.starts_with(body_of(answer)));
    REQUIRE(who.is_ended());
    REQUIRE(told == 1);
    REQUIRE(d.s.counters().connections == 0);
}

#if defined(MILLRACE_WITH_TLS)
TEST_CASE("a TLS handshake that dawdles ends with its time, and nobody waits for its answer") {
    const temporary_folder folder;
    const certificate authority{"Authority"};
    authority.issue({.common_name = "server"}).save(folder / "server.pem");
    asio::io_context io;
    memory wire;
    endpoint<basic_tls<memory>, open_guard, prometheus_metrics, manual_clock> secure{
        io,
        {.handshake_timeout = 5s},
        basic_tls<memory>{{.certificate_file = folder / "server.pem"}, wire}};
    const auto advance = [&](std::chrono::nanoseconds by) {
        secure.clock().advance(by);
        secure.tick();
        io.restart();
        io.poll();
    };
    auto peer = wire.connect();
    advance(0s);
    // A record of a ClientHello that never comes as a whole.
    const std::string begin{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9};
    const bool speaks = GENERATE(true, false);
    if (speaks) put(peer, begin);
    for (int second = 1; second != 5; ++second) {
        advance(1s);
        if (speaks) put(peer, "x");
    }
    CHECK(secure.snapshot().counters.connections == 1);
    advance(1s);
    CHECK(secure.snapshot().counters.connections == 0);
    CHECK(secure.snapshot().counters.timeouts == 1);
}
#endif
