#include <millrace/http/response.hpp>

#include <memory>
#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;

TEST_CASE("a response's head gives length and type, and says whether the connection stays") {
    const response answer{.status = 200,
                          .content_type = "text/css",
                          .body = "12345",
                          .extra_headers = "ETag: \"1\"\r\n"};
    REQUIRE(head_of(answer, true) ==
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/css\r\n"
            "X-Content-Type-Options: nosniff\r\nETag: \"1\"\r\nConnection: keep-alive\r\n\r\n");
    REQUIRE(head_of(answer, false).ends_with("\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("304 describes no content") {
    const auto head = head_of({.status = 304}, true);
    REQUIRE(head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    REQUIRE(head.find("Content-") == std::string::npos);
}

TEST_CASE("a source's length goes before that of the answer's own body") {
    const response answer{.body = "own", .source = std::make_shared<text_source>("shared")};
    REQUIRE(answer.content_bytes() == 6);
    REQUIRE(head_of(answer, true).find("Content-Length: 6\r\n") != std::string::npos);
}

TEST_CASE("errors are JSON that names what is wrong") {
    REQUIRE(error_response(400, "bad parameter", "limit").body ==
            "{\"error\":{\"code\":\"bad parameter\",\"parameter\":\"limit\"}}\n");
    const auto answer = error_response(make_error_code(errc::not_found));
    REQUIRE(answer.status == 404);
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == "{\"error\":{\"code\":\"not found\"}}\n");
    REQUIRE(answer.extra_headers.empty());
    REQUIRE(error_response(errc::storage_locked).extra_headers == "Retry-After: 1\r\n");
}
