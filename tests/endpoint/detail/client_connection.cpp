#include <millrace/endpoint/detail/client_connection.hpp>

#include <set>

#include <asio/post.hpp>

#include "../client_peer.hpp"

using namespace millrace;

namespace {

/// The memory transport, whose connections are of this kind and end after so many operations.
struct choppy : memory {
    memory_stream_options kind{};
    std::size_t operations = SIZE_MAX;

    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options&, Handler f) {
        asio::post(io, [wire = *this, f = std::move(f)]() mutable {
            auto made = wire.connect(wire.kind);
            made.fail_after(wire.operations);
            f({}, std::move(made));
        });
        return [] {};
    }
};

std::string accepting(const websocket::request& request, std::string_view more = {}) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           websocket::accept_key(request.header("Sec-WebSocket-Key")) + "\r\n" + std::string{more} +
           "\r\n";
}

websocket::request read_request(peer& from) {
    websocket::request request;
    const auto head = from.take_raw();
    REQUIRE(websocket::parse_request(head, request).state == websocket::parse_result::complete);
    return request;
}

}  // namespace

TEST_CASE("messages go both ways") {
    line l;
    l.open();
    CHECK(l.said() == strings{"connecting", "open", "on_open"});
    CHECK(l.client->send("hello"));
    CHECK(l.client->send_binary(std::string("\0\xff", 2)));
    const auto first = l.other.next(), second = l.other.next();
    REQUIRE(second);
    CHECK(first->op == opcode::text);
    CHECK(first->payload == "hello");
    CHECK(second->op == opcode::binary);
    CHECK(second->payload == std::string("\0\xff", 2));
    l.other.send(opcode::text, "h\xc3\xa9");
    l.other.send(opcode::binary, "\xff");
    l.other.send(opcode::text, "in ", false);
    l.other.send(opcode::ping, "still there?");
    l.other.send(opcode::continuation, "parts");
    CHECK(l.said() == strings{"text h\xc3\xa9", "binary \xff", "text in parts"});
    const auto pong = l.other.next();
    REQUIRE(pong);
    CHECK(pong->op == opcode::pong);
    CHECK(pong->payload == "still there?");
}

TEST_CASE("all works byte by byte, and with what follows the answer in one piece") {
    const std::size_t step = GENERATE(1u, 2u, 7u);
    choppy wire;
    wire.kind = {.capacity_bytes = 16, .max_read_bytes = step, .max_write_bytes = step};
    basic_line<choppy> l{{}, wire};
    auto request = read_request(l.other);
    std::string frames;
    websocket::append_frame(frames, opcode::text, "behind the head");
    websocket::append_frame(frames, opcode::text, std::string(70'000, 'x'));
    l.other.write(accepting(request) + frames);
    CHECK(l.said() == strings{"connecting", "open", "on_open", "text behind the head",
                              "text " + std::string(70'000, 'x')});
}

TEST_CASE("each frame has a masking key of its own, and each request a nonce") {
    basic_line<memory, std::random_device> l;
    std::set<std::string> nonces, masks;
    for (int connection = 0; connection != 3; ++connection) {
        const auto request = read_request(l.other);
        const std::string key{request.header("Sec-WebSocket-Key")};
        CHECK(websocket::is_valid_key(key));
        nonces.insert(key);
        l.other.write(accepting(request));
        for (int i = 0; i != 100; ++i) l.client->send("a");
        const auto bytes = l.other.take_raw();
        REQUIRE(bytes.size() == 700);
        for (std::size_t at = 0; at != bytes.size(); at += 7) {
            REQUIRE(bytes.substr(at, 2) == "\x81\x81");
            REQUIRE((bytes[at + 2] ^ bytes[at + 6]) == 'a');
            masks.insert(bytes.substr(at + 2, 4));
        }
        l.other.drop();
        l.advance(1min);
    }
    CHECK(nonces.size() == 3);
    CHECK(masks.size() >= 298);  // two alike among 300: once in 100,000 runs
}

TEST_CASE("an answer that is no upgrade ends the attempt, and says why") {
    struct row {
        std::string answer, error;
    };
    const auto [answer, error] =
        GENERATE(row{"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n\r\n",
                     "HTTP status 401 Unauthorized"},
                 row{"HTTP/1.1 301 Moved\r\nLocation: ws://elsewhere/\r\n\r\n", "HTTP status 301"},
                 row{"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
                     "HTTP status 503 Service Unavailable"},
                 row{"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                     "bad request"},
                 row{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "bad request"},
                 row{"HTTP/1.1 101 X\r\n" + std::string(8200, 'x'), "request header too large"});
    line l;
    read_request(l.other);
    l.other.write(answer);
    CHECK(l.other.is_ended());
    CHECK(l.said() == strings{"connecting", "error: " + error, "waiting"});
    CHECK(l.client->stats().failures == 1);
    CHECK(l.client->stats().connections == 0);
}

TEST_CASE("a connection that ends within its upgrade is lost") {
    line l;
    read_request(l.other);
    l.other.write("HTTP/1.1 101 Switch");
    l.other.drop();
    CHECK(l.said() == strings{"connecting", "error: connection lost", "waiting"});
}

TEST_CASE("a server that breaks the protocol is told so, and left") {
    struct row {
        std::string bytes;
        close_code code;
        std::string error;
    };
    const auto [bytes, code, error] = GENERATE(
        row{std::string("\x81\x81\0\0\0\0a", 7), close_code::protocol_error,
            "WebSocket protocol error"},  // masked
        row{"\xc1\x01"
            "a",
            close_code::protocol_error, "WebSocket protocol error"},  // reserved bit
        row{"\x83\x01"
            "a",
            close_code::protocol_error, "WebSocket protocol error"},  // reserved opcode
        row{"\x81\x02\xc3(", close_code::invalid_payload, "invalid UTF-8"},
        row{"\x88\x02\x03\xed", close_code::protocol_error, "WebSocket protocol error"},  // 1005
        row{"\x82\x7e\x04\x01", close_code::message_too_big, "message too big"});
    line l{{.url = "ws://host/feed", .max_message_bytes = 1024}};
    l.open();
    l.said();
    l.other.write(bytes);
    l.other.send(opcode::text, "too late");
    CHECK(l.said() == strings{"closing"});
    CHECK(l.other.next_close() == code);
    CHECK(l.other.is_ended());
    l.other.drop();
    CHECK(l.said() == strings{"error: " + error, "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a server that was told so and stays is left after the close timeout") {
    line l;
    l.open();
    l.said();
    l.other.write("\x83\x01");
    l.advance(4999ms);
    CHECK(l.said() == strings{"closing"});
    l.advance(1ms);
    CHECK(l.said() ==
          strings{"error: WebSocket protocol error", "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a message of the largest size is taken") {
    line l{{.url = "ws://host/feed", .max_message_bytes = 1024}};
    l.open();
    l.said();
    l.other.send(opcode::text, std::string(1024, 'x'));
    CHECK(l.said() == strings{"text " + std::string(1024, 'x')});
}

TEST_CASE("the server's close is answered, ahead of what waits") {
    choppy wire;
    wire.kind.capacity_bytes = 64;
    basic_line<choppy> l{{}, wire};
    l.open();
    l.said();
    l.other.stall();
    for (const auto* text : {"first", "second", "third"}) {
        l.client->send(std::string{text} + std::string(100, '.'));
        l.other.run();
    }
    l.other.send_close(close_code{4001}, "maintenance");
    l.other.stall(false);
    CHECK(l.other.next_text().starts_with("first"));
    CHECK(l.other.next_close() == close_code{4001});
    CHECK(l.other.is_ended());
    CHECK(l.said() == strings{"closing"});
    l.other.drop();
    CHECK(l.said() == strings{"on_close 4001 maintenance(again)", "waiting"});
    CHECK(l.client->stats().failures == 0);

    l.advance(1min);
    l.open();
    CHECK(l.other.next_text().starts_with("second"));
    CHECK(l.other.next_text().starts_with("third"));
}

TEST_CASE("a server that says goodbye and stays is left without a complaint") {
    line l;
    l.open();
    l.said();
    l.other.send(opcode::close, "");
    l.advance(5s);
    CHECK(l.said() == strings{"closing", "on_close 1005 (again)", "waiting"});
}

TEST_CASE("close goes behind what was sent, and nothing is received after it") {
    line l;
    l.open();
    l.said();
    l.client->send("last words");
    l.client->close(close_code{4000}, "bye");
    CHECK(l.other.next_text() == "last words");
    CHECK(l.client->send("for the next one"));
    const auto close = l.other.next();
    REQUIRE(close);
    CHECK(close->code == close_code{4000});
    CHECK(close->payload == "bye");
    l.other.send(opcode::text, "not heard");
    l.other.send(opcode::ping, "not answered");
    l.other.send_close(close_code{4000}, "bye yourself");
    CHECK(!l.other.next());
    CHECK(l.other.is_ended());
    l.other.drop();
    CHECK(l.said() == strings{"closing", "on_close 4000 bye yourself(again)", "waiting"});
    l.advance(1min);
    l.open();
    CHECK(l.other.next_text() == "for the next one");
}

TEST_CASE("a close that nobody answers times out; one that is cut off is lost") {
    line l;
    l.open();
    l.said();
    l.client->close();
    SECTION("no answer") {
        l.other.run();
        l.advance(4999ms);
        CHECK(l.said() == strings{"closing"});
        l.advance(1ms);
        CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
    }
    SECTION("cut off") {
        l.other.run();
        l.other.drop();
        CHECK(l.said() ==
              strings{"closing", "error: connection lost", "on_close 1006 (again)", "waiting"});
    }
}

TEST_CASE("a connection that breaks in the middle of a message is lost, and the message with it") {
    line l;
    l.open();
    l.said();
    l.other.write("\x81\x05hel");
    l.other.drop();
    CHECK(l.said() == strings{"error: connection lost", "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a connection that fails at any read or write is lost, once") {
    const std::size_t operations = GENERATE(range(0u, 12u));
    CAPTURE(operations);
    choppy wire;
    wire.operations = operations;
    basic_line<choppy> l{{}, wire};
    const auto head = l.other.take_raw();
    websocket::request request;
    if (websocket::parse_request(head, request).state == websocket::parse_result::complete)
        l.other.write(accepting(request));
    for (int i = 0; i != 8; ++i) {
        l.client->send("a");
        l.other.send(opcode::ping, "b");
    }
    const auto said = l.said();
    const auto count = [&](std::string_view what) {
        return std::count_if(said.begin(), said.end(),
                             [&](const auto& each) { return each.starts_with(what); });
    };
    CHECK(count("on_open") == count("on_close"));
    CHECK(count("error") == 1);
    CHECK(said.back() == "waiting");
}

TEST_CASE("silence is answered by a ping, and further silence by the end") {
    line l{{.url = "ws://host/feed", .ping_interval = 10s, .idle_timeout = 25s}};
    l.open();
    l.said();
    for (int round = 0; round != 3; ++round) {
        l.advance(9999ms);
        CHECK(!l.other.next());
        l.advance(1ms);
        const auto ping = l.other.next();
        REQUIRE(ping);
        CHECK(ping->op == opcode::ping);
        l.other.send(opcode::pong, ping->payload);
    }
    l.advance(10s);
    CHECK(l.other.next()->op == opcode::ping);
    l.advance(14999ms);
    CHECK(!l.other.next());
    CHECK(l.said().empty());
    l.advance(1ms);
    CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
    CHECK(l.other.is_ended());
}

TEST_CASE("whatever is received counts against silence") {
    line l{{.url = "ws://host/feed", .ping_interval = 10s, .idle_timeout = 25s}};
    l.open();
    l.said();
    for (int i = 0; i != 20; ++i) {
        l.advance(9s);
        l.other.write(i % 2 == 0 ? "\x81" : std::string("\0", 1));
    }
    CHECK(!l.other.next());
    CHECK(l.said() == strings(10, "text "));
}

TEST_CASE("without a ping interval below it, the idle timeout alone decides") {
    line l{{.url = "ws://host/feed", .ping_interval = 1h, .idle_timeout = 3s}};
    l.open();
    l.said();
    l.advance(3s);
    CHECK(!l.other.next());
    CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
}
