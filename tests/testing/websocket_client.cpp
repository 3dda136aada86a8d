#include <millrace/testing/websocket_client.hpp>

#include <chrono>
#include <set>
#include <string>
#include <system_error>

#include <millrace/websocket/handshake.hpp>

#include "catch.hpp"
#include "scripted_server.hpp"

using namespace millrace;
using namespace millrace::testing;
using namespace millrace::testing::tests;
using namespace std::chrono_literals;
using websocket::close_code;
using websocket::opcode;

namespace {

/// Reads the client's upgrade and accepts it, with `more` in the same write.
std::string upgrade(scripted_server::peer& peer, const std::string& more = "") {
    const auto head = peer.read_head();
    http::request request;
    http::parse_request(head, request);
    peer.write(websocket::accept_upgrade(request).response + more);
    return head;
}

std::string frame(opcode op, std::string_view payload, bool fin = true) {
    std::string out;
    websocket::append_frame(out, op, payload, fin);
    return out;
}

/// Unmasks a short frame and gives its first byte and payload.
std::string unmasked(std::string bytes) {
    if (bytes.size() < 6) return "too short";
    for (std::size_t i = 6; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(bytes[i] ^ bytes[2 + (i - 6) % 4]);
    return bytes.substr(0, 1) + bytes.substr(6);
}

}  // namespace

TEST_CASE("messages arrive in order, those that come with the upgrade first") {
    scripted_server server{[](auto& peer) {
        upgrade(peer, frame(opcode::text, "one") + frame(opcode::text, "tw", false));
        peer.write(frame(opcode::continuation, "o") + frame(opcode::binary, "three"));
        peer.write(frame(opcode::pong, "four"));
        peer.read_to_end();
    }};
    websocket_client client{"127.0.0.1", server.port(), "/path"};
    for (const auto& [op, payload] :
         {std::pair{opcode::text, "one"}, std::pair{opcode::text, "two"},
          std::pair{opcode::binary, "three"}, std::pair{opcode::pong, "four"}}) {
        const auto message = client.receive();
        REQUIRE(message);
        CHECK(message->op == op);
        CHECK(message->payload == payload);
    }
    CHECK_FALSE(client.receive(1ms));
    CHECK_FALSE(client.receive(0ms));
    CHECK(client.is_open());
}

TEST_CASE("the request names the path and carries the extra headers and a fresh key") {
    std::set<std::string> keys;
    for (int i = 0; i != 3; ++i) {
        std::string head;
        {
            scripted_server server{[&](auto& peer) { head = upgrade(peer); }};
            websocket_client client{"127.0.0.1", server.port(), "/path", "X-Token: t\r\n"};
        }
        http::request request;
        REQUIRE(http::parse_request(head, request).state == http::parse_result::complete);
        CHECK(request.path() == "/path");
        CHECK(request.header("X-Token") == "t");
        keys.insert(std::string{request.header("Sec-WebSocket-Key")});
    }
    CHECK(keys.size() == 3);
}

TEST_CASE("frames are sent masked, each with a mask of its own") {
    std::string first, second, binary, ping;
    {
        scripted_server server{[&](auto& peer) {
            upgrade(peer);
            const auto all = peer.read(6 * 4 + 4 * 5);
            first = all.substr(0, 11);
            second = all.substr(11, 11);
            binary = all.substr(22, 11);
            ping = all.substr(33);
        }};
        websocket_client client{"127.0.0.1", server.port()};
        client.send_text("hello");
        client.send_text("hello");
        client.send_binary("bytes");
        client.send_ping("12345");
    }
    CHECK(unmasked(first) == "\x81hello");
    CHECK(unmasked(second) == "\x81hello");
    CHECK(unmasked(binary) ==
          "\x82"
          "bytes");
    CHECK(unmasked(ping) ==
          "\x89"
          "12345");
    CHECK(first != second);
}

TEST_CASE("pings are answered while receiving, and counted") {
    std::string answer;
    bool answers = GENERATE(true, false);
    {
        scripted_server server{[&](auto& peer) {
            upgrade(peer, frame(opcode::ping, "hi") + frame(opcode::text, "go on"));
            answer = peer.read_to_end();
        }};
        websocket_client client{"127.0.0.1", server.port()};
        client.answer_pings(answers);
        CHECK(client.receive()->payload == "go on");
        CHECK(client.pings_received() == 1);
        client.abandon();
    }
    if (!answers) return;
    CHECK(unmasked(answer) == "\x8ahi");
}

TEST_CASE("the server's close is answered and given out") {
    std::string answer;
    {
        scripted_server server{[&](auto& peer) {
            std::string out;
            websocket::append_close(out, close_code::try_again_later, "slow");
            upgrade(peer, frame(opcode::text, "last") + out);
            answer = peer.read_to_end();
        }};
        websocket_client client{"127.0.0.1", server.port()};
        CHECK(client.receive()->payload == "last");
        const auto message = client.receive();
        REQUIRE(message);
        CHECK(message->op == opcode::close);
        CHECK(message->code == close_code::try_again_later);
        CHECK(message->payload == "slow");
        CHECK_FALSE(client.is_open());
        CHECK_FALSE(client.receive());
    }
    CHECK(unmasked(answer) == "\x88\x03\xf5");
}

TEST_CASE("closing sends the code and waits for the server's answer") {
    std::string seen;
    {
        scripted_server server{[&](auto& peer) {
            upgrade(peer);
            seen = peer.read(11);
            std::string out = frame(opcode::text, "in flight");
            websocket::append_close(out, close_code::normal);
            peer.write(out);
            peer.read_to_end();
        }};
        websocket_client client{"127.0.0.1", server.port()};
        client.close(close_code::going_away, "bye");
        CHECK_FALSE(client.is_open());
        CHECK(client.receive()->payload == "in flight");
        CHECK(client.receive()->code == close_code::normal);
        CHECK_FALSE(client.receive());
    }
    CHECK(unmasked(seen) ==
          "\x88\x03\xe9"
          "bye");
}

TEST_CASE("a connection that just ends is told apart from silence") {
    scripted_server server{[](auto& peer) { upgrade(peer); }};
    websocket_client client{"127.0.0.1", server.port()};
    const auto message = client.receive();
    REQUIRE(message);
    CHECK(message->op == opcode::close);
    CHECK(message->code == close_code::abnormal);
    CHECK_FALSE(client.is_open());
}

TEST_CASE("a refused upgrade gives the server's answer") {
    scripted_server server{[](auto& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }};
    try {
        websocket_client client{"127.0.0.1", server.port()};
        FAIL("connected");
    } catch (const upgrade_refused& refused) {
        CHECK(refused.response_head.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    }
}

TEST_CASE("a server that says nothing or breaks the protocol is an error") {
    {
        scripted_server server{[](auto& peer) { peer.read_to_end(); }};
        CHECK_THROWS_AS(websocket_client("127.0.0.1", server.port(), "/", "", 20ms),
                        std::system_error);
    }
    scripted_server server{[](auto& peer) {
        upgrade(peer);
        peer.write("\x83\x01x");
        peer.read_to_end();
    }};
    websocket_client client{"127.0.0.1", server.port()};
    CHECK_THROWS_AS(client.receive(), std::system_error);
    CHECK_FALSE(client.is_open());
}
