#include <millrace/testing/memory_client.hpp>

#include <array>
#include <optional>
#include <string>

#include <millrace/websocket/handshake.hpp>

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

#include "catch.hpp"

using namespace millrace;
using testing::memory_client;
using websocket::opcode;

namespace {

/// The other end of one connection, played by hand.
struct peer {
    asio::io_context io;
    memory wire;
    memory::acceptor acceptor = wire.listen(io, {});
    std::optional<memory_stream> stream;

    peer() {
        acceptor.async_accept(
            [this](std::error_code, memory_stream s) { stream.emplace(std::move(s)); });
    }
    std::string read() {
        std::array<char, 4096> buffer{};
        std::error_code error;
        return {buffer.data(), stream->read_some(buffer, error)};
    }
    void write(std::string_view bytes) {
        const std::array<asio::const_buffer, 1> parts{asio::buffer(bytes.data(), bytes.size())};
        std::error_code error;
        REQUIRE(stream->write_some(parts, error) == bytes.size());
    }
    /// Answers the upgrade, with `behind` in the same piece.
    void accept_upgrade(std::string behind = {}) {
        stream->async_wait_readable([this, behind](std::error_code) {
            http::request request;
            http::parse_request(read(), request);
            write(websocket::accept_upgrade(request).response + behind);
        });
    }
};

}  // namespace

TEST_CASE("the client upgrades, and gives every frame that comes") {
    peer p;
    memory_client c{p.io, p.wire};
    p.accept_upgrade(
        "\x81\x05"
        "early");
    REQUIRE(c.upgrade("/path"));
    REQUIRE(c.next_text() == "early");
    REQUIRE(!c.next());
    REQUIRE(c.next_text().empty());
    p.write(std::string("\x89\x01p\x82\x01x\x88\x02\x03\xe8", 10));
    REQUIRE(c.next()->op == opcode::ping);
    REQUIRE(c.next()->op == opcode::binary);
    REQUIRE(c.next()->code == websocket::close_code::normal);
    REQUIRE(!c.protocol_error());
}

TEST_CASE("the client sees a refusal, and bytes outside of a WebSocket as they are") {
    peer p;
    memory_client c{p.io, p.wire};
    p.stream->async_wait_readable([&](std::error_code) {
        p.read();
        p.write("HTTP/1.1 404 Not Found\r\n\r\nno");
    });
    REQUIRE(!c.upgrade("/"));
    REQUIRE(c.take_raw() == "HTTP/1.1 404 Not Found\r\n\r\nno");
    REQUIRE(c.take_raw().empty());
}

TEST_CASE("the client notices frames that break the protocol") {
    peer p;
    memory_client c{p.io, p.wire};
    p.accept_upgrade();
    REQUIRE(c.upgrade("/"));
    p.write("\x81\x81mask!");
    REQUIRE(!c.next());
    REQUIRE(c.protocol_error() == errc::protocol_error);
}

TEST_CASE("the client sends masked frames, and stalls as told") {
    peer p;
    memory_client c{p.io, p.wire};
    p.accept_upgrade();
    REQUIRE(c.upgrade("/"));
    c.send_text("hi");
    std::string expected;
    websocket::append_masked_frame(expected, opcode::text, "hi", 0x12345678);
    REQUIRE(p.read() == expected);

    c.stall();
    p.write("\x81\x01x");
    REQUIRE(!c.next());
    c.stall(false);
    REQUIRE(c.next_text() == "x");
    REQUIRE(!c.is_ended());
    p.stream->close();
    REQUIRE(c.is_ended());
}

#ifdef MILLRACE_WITH_DEFLATE
TEST_CASE("the client compresses its messages when both sides agree") {
    const websocket::permessage_deflate deflate;
    for (const bool agrees : {true, false}) {
        peer p;
        memory_client c{p.io, p.wire};
        p.stream->async_wait_readable([&](std::error_code) {
            http::request request;
            http::parse_request(p.read(), request);
            p.write(websocket::accept_upgrade(request, {}, agrees ? &deflate : nullptr).response);
        });
        REQUIRE(c.upgrade("/", {}, &deflate));
        REQUIRE(c.is_compressed() == agrees);
        c.send_text(std::string(1000, 'x'));
        const auto sent = p.read();
        REQUIRE(static_cast<unsigned char>(sent[0]) == (agrees ? 0xc1 : 0x81));
        REQUIRE((sent.size() < 100) == agrees);
    }
}
#endif
