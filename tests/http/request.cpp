#include <millrace/http/request.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;
using namespace std::string_literals;

namespace {

const std::string simple = "GET /path?x=1 HTTP/1.1\r\nHost: example.com\r\nX: y\r\n\r\n";

std::error_code error_of(std::string_view bytes, request_limits limits = {}) {
    request r;
    const auto result = parse_request(bytes, r, limits);
    CHECK((result.state == parse_result::failed) == static_cast<bool>(result.error));
    CHECK((result.state == parse_result::complete) == (result.consumed != 0));
    return result.error;
}

std::string with_lines(std::string_view lines) {
    return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string{lines} + "\r\n";
}

}  // namespace

TEST_CASE("a request is taken apart, and what follows its head is left") {
    request r;
    const auto result = parse_request(simple + "next", r);
    REQUIRE(result.state == parse_result::complete);
    CHECK(result.consumed == simple.size());
    CHECK(r.method() == "GET");
    CHECK(r.target() == "/path?x=1");
    CHECK(r.path() == "/path");
    CHECK(r.query("x") == "1");
    CHECK(r.header("host") == "example.com");
    CHECK(r.has_header("x"));
    CHECK(r.header_lines("X") == 1);
    CHECK(r.header_lines("Y") == 0);
    CHECK(r.is_http_1_1());
    CHECK(r.keep_alive());
    CHECK(r.content_length() == 0);
}

TEST_CASE("a request is incomplete until its last byte") {
    for (std::size_t n = 0; n != simple.size(); ++n) {
        request r;
        CHECK(parse_request(simple.substr(0, n), r).state == parse_result::incomplete);
    }
}

TEST_CASE("an empty line before the request is ignored") {
    request r;
    const auto result = parse_request("\r\n" + simple, r);
    CHECK(result.state == parse_result::complete);
    CHECK(result.consumed == simple.size() + 2);
    CHECK(r.method() == "GET");
    CHECK(error_of("\r\n\r\n" + simple) == errc::bad_request);
}

TEST_CASE("a byte that no head may hold fails at once") {
    CHECK(error_of("GET /\0"s) == errc::bad_request);
    CHECK(error_of("\x16\x03\x01"s) == errc::bad_request);
    CHECK(error_of("GET / HTTP/1.1\n") == errc::bad_request);
    CHECK(error_of("GET / HTTP/1.1\rX") == errc::bad_request);
    CHECK(error_of(with_lines("X: a\0b\r\n"s)) == errc::bad_request);
    CHECK(error_of(with_lines("X: a\x7f\r\n")) == errc::bad_request);
    CHECK(error_of(with_lines("X: a\nY: b\r\n")) == errc::bad_request);
    CHECK_FALSE(error_of(with_lines("X: tab\there, h\xc3\xa9\r\n")));
}

TEST_CASE("request lines are exact") {
    for (const char* line :
         {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET / HTTP/2.0",
          "GET / http/1.1", "GET / HTTP/1.10", "GE(T / HTTP/1.1", "GET x HTTP/1.1",
          "GET /../x HTTP/1.1", "/ HTTP/1.1", ""})
        CHECK(error_of(std::string{line} + "\r\nHost: h\r\n\r\n") == errc::bad_request);
}

TEST_CASE("the head is limited in bytes and lines") {
    const request_limits limits{.max_head_bytes = 100, .max_headers = 3};
    std::string fits = with_lines("X: " + std::string(100 - 32, 'x') + "\r\n");
    REQUIRE(fits.size() == 100);
    CHECK_FALSE(error_of(fits, limits));
    fits.insert(30, "x");
    CHECK(error_of(fits, limits) == errc::header_too_large);
    CHECK(error_of("GET /" + std::string(95, 'x'), limits) == errc::header_too_large);
    CHECK_FALSE(error_of("GET /" + std::string(94, 'x'), limits));
    CHECK_FALSE(error_of(with_lines("A: 1\r\nB: 2\r\n"), limits));
    CHECK(error_of(with_lines("A: 1\r\nB: 2\r\nC: 3\r\n"), limits) == errc::header_too_large);

    std::string many;
    for (int i = 0; i != 64; ++i) many += "X: y\r\n";
    CHECK(error_of(with_lines(many)) == errc::header_too_large);
    CHECK(error_of(with_lines("X: " + std::string(9000, 'x') + "\r\n")) == errc::header_too_large);
}

TEST_CASE("the host is named exactly once in HTTP/1.1") {
    CHECK(error_of("GET / HTTP/1.1\r\n\r\n") == errc::bad_request);
    CHECK(error_of(with_lines("Host: other\r\n")) == errc::bad_request);
    CHECK_FALSE(error_of("GET / HTTP/1.0\r\n\r\n"));
}

TEST_CASE("nothing leaves the request's end in doubt") {
    CHECK(error_of(with_lines("Transfer-Encoding: chunked\r\n")) == errc::length_required);
    CHECK(error_of(with_lines("transfer-encoding: identity\r\nContent-Length: 0\r\n")) ==
          errc::bad_request);
    CHECK_FALSE(error_of(with_lines("Content-Length: 0\r\n")));
    for (const char* length :
         {"1", "+0", "-0", "", " ", "0x0", "0 0", "0, 0", "zero", "0.0", "99999999999999999999999"})
        CHECK(error_of(with_lines("Content-Length: " + std::string{length} + "\r\n")) ==
              errc::bad_request);
    CHECK(error_of(with_lines("Content-Length: 0\r\nContent-Length: 0\r\n")) == errc::bad_request);

    request r;
    const auto result =
        parse_request("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\nhello", r);
    CHECK(result.state == parse_result::complete);
    CHECK(r.content_length() == 12);
}

TEST_CASE("a connection is kept unless the client says otherwise") {
    const auto kept = [](const std::string& bytes) {
        request r;
        REQUIRE(parse_request(bytes, r).state == parse_result::complete);
        return r.keep_alive();
    };
    CHECK(kept(with_lines("")));
    CHECK_FALSE(kept(with_lines("Connection: x, Close\r\n")));
    CHECK_FALSE(kept("GET / HTTP/1.0\r\n\r\n"));
}
