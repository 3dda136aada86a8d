#include <millrace/endpoint/http_answer.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a response's head gives length and type, and says whether the connection stays") {
    const http_answer answer{.status = 200,
                             .content_type = "text/css",
                             .body = "12345",
                             .extra_headers = "ETag: \"1\"\r\n"};
    REQUIRE(http_head(answer, true) ==
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/css\r\n"
            "X-Content-Type-Options: nosniff\r\nETag: \"1\"\r\nConnection: keep-alive\r\n\r\n");
    REQUIRE(http_head(answer, false).ends_with("\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("304 describes no content") {
    const auto head = http_head({.status = 304}, true);
    REQUIRE(head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    REQUIRE(head.find("Content-") == std::string::npos);
}

TEST_CASE("a shared body goes before the answer's own") {
    frame_pool pool;
    const http_answer answer{.body = "own", .shared_body = pool.wrap("shared")};
    REQUIRE(answer.content() == "shared");
}

TEST_CASE("errors are JSON that names what is wrong") {
    REQUIRE(http_error(400, "bad parameter", "limit").body ==
            "{\"error\":{\"code\":\"bad parameter\",\"parameter\":\"limit\"}}\n");
    const auto answer = http_error(make_error_code(errc::not_found));
    REQUIRE(answer.status == 404);
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == "{\"error\":{\"code\":\"not found\"}}\n");
}

TEST_CASE("an answer that goes to another thread has a body of its own") {
    frame_pool pool;
    http_answer answer{.shared_body = pool.wrap("shared")};
    answer.own_body();
    REQUIRE(answer.shared_body.size() == 0);
    REQUIRE(answer.content() == "shared");
    answer.own_body();
    REQUIRE(answer.content() == "shared");
}
