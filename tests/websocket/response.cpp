#include <millrace/websocket/response.hpp>

#include <system_error>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::websocket;

TEST_CASE("a response is written whole") {
    CHECK(http_response(200, "text/plain", "hello\n", true) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n"
          "Connection: keep-alive\r\n\r\nhello\n");
    CHECK(http_response(404, "", "", false, "X-A: 1\r\nX-B: 2\r\n") ==
          "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n"
          "X-A: 1\r\nX-B: 2\r\n\r\n");
}

TEST_CASE("errors have their status") {
    CHECK(http_status_of({}) == 200);
    CHECK(http_status_of(errc::bad_request) == 400);
    CHECK(http_status_of(errc::forbidden) == 403);
    CHECK(http_status_of(errc::not_found) == 404);
    CHECK(http_status_of(errc::method_not_allowed) == 405);
    CHECK(http_status_of(errc::timed_out) == 408);
    CHECK(http_status_of(errc::upgrade_required) == 426);
    CHECK(http_status_of(errc::header_too_large) == 431);
    CHECK(http_status_of(errc::try_again_later) == 503);
    CHECK(http_status_of(errc::storage_failed) == 500);
    CHECK(http_status_of(std::make_error_code(std::errc::io_error)) == 500);
    for (const int status : {200, 400, 403, 404, 405, 408, 426, 431, 500, 503})
        CHECK_FALSE(http_reason(status).empty());
}
