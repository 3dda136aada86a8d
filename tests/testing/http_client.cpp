#include <millrace/testing/http_client.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include "catch.hpp"
#include "scripted_server.hpp"

using namespace millrace;
using namespace millrace::testing;
using namespace millrace::testing::tests;
using namespace std::chrono_literals;

TEST_CASE("a GET gives status, headers and body") {
    std::string seen;
    {
        scripted_server server{[&](auto& peer) {
            seen = peer.read_head();
            peer.write("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-Name: value\r\n\r\nhe");
            peer.write("llo and more");
        }};
        const auto result = http_get("127.0.0.1", server.port(), "/x?y", "X-Mine: 1\r\n");
        CHECK(result.status == 404);
        CHECK(result.headers.get("x-name") == "value");
        CHECK(result.body == "hello");
    }
    CHECK(seen.starts_with("GET /x?y HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
    CHECK(seen.find("\r\nX-Mine: 1\r\n") != std::string::npos);
}

TEST_CASE("a body without a length ends with the connection") {
    scripted_server server{[](auto& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 200 OK\r\n\r\nall there is");
    }};
    CHECK(http_get("127.0.0.1", server.port(), "/").body == "all there is");
}

TEST_CASE("responses on one connection are told apart by their length") {
    scripted_server server{[](auto& peer) {
        for (const char* body : {"one", "two"}) {
            peer.read_head();
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + std::string{body});
        }
    }};
    blocking_socket socket{"127.0.0.1", server.port(), 10s};
    for (const char* body : {"one", "two"}) {
        socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 10s);
        CHECK(read_http_response(socket, 10s).body == body);
    }
}

TEST_CASE("an answer that is none is an error") {
    for (const char* answer :
         {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
        scripted_server server{[&](auto& peer) {
            peer.read_head();
            peer.write(answer);
        }};
        CHECK_THROWS_AS(http_get("127.0.0.1", server.port(), "/"), std::system_error);
    }
    scripted_server silent{[](auto& peer) { peer.read_to_end(); }};
    CHECK_THROWS_AS(http_get("127.0.0.1", silent.port(), "/", "", 20ms), std::system_error);
}
