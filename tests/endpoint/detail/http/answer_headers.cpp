#include <millrace/endpoint/detail/http/answer_headers.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "../../server.hpp"
#include "has.hpp"

using namespace millrace;

namespace {

constexpr std::string_view app = "Origin: https://app.example\r\n";
constexpr std::string_view other = "Origin: https://evil.example\r\n";

std::string preflight(std::string_view origin) {
    return "OPTIONS /api/topics HTTP/1.1\r\nHost: h\r\nAccess-Control-Request-Method: POST\r\n" +
           std::string{origin} + "\r\n";
}

}  // namespace

TEST_CASE("nonsense in headers and origins is refused at construction") {
    using pair = std::pair<std::string, std::string>;
    for (const auto& wrong : {pair{"", "x"}, pair{"A B", "x"}, pair{"A:", "x"},
                              pair{"A", "x\r\nB: y"}, pair{"A", "x\n"}, pair{"A", "x\r"},
                              pair{"A", std::string(1, '\0')}, pair{"content-length", "1"},
                              pair{"Vary", "*"}, pair{"Access-Control-Allow-Origin", "*"}}) {
        CAPTURE(wrong.first, wrong.second);
        CHECK_THROWS_AS(server{{.extra_headers = {wrong}}}, std::invalid_argument);
    }
    for (const char* wrong :
         {"", "null", "app.example", "https://app.example/", "https://*.example"})
        CHECK_THROWS_AS(server{{.cors_origins = {wrong}}}, std::invalid_argument);
}

TEST_CASE("extra headers are on every HTTP answer, errors as well") {
    server s{{.extra_headers = {{"Strict-Transport-Security", "max-age=60"}, {"X-A", ""}}}};
    for (const char* target : {"/healthz", "/nothing", "/api/topics", "/metrics"}) {
        memory_client client{s.io, s.wire};
        REQUIRE(has(client.get(target), "\r\nStrict-Transport-Security: max-age=60\r\nX-A: \r\n"));
    }
    memory_client wrong{s.io, s.wire};
    wrong.send_raw("NONSENSE\r\n\r\n");
    REQUIRE(has(wrong.take_raw(), "\r\nStrict-Transport-Security: max-age=60\r\n"));
}

TEST_CASE("other origins' pages may read what they are allowed to") {
    server s{{.cors_origins = {"https://app.example"}}};
    memory_client client{s.io, s.wire};
    REQUIRE(has(client.get("/api/topics", app),
                "\r\nAccess-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"));
    for (const auto lines : {other, std::string_view{}, std::string_view{"Origin: null\r\n"}}) {
        const auto answer = client.get("/api/topics", lines);
        REQUIRE(!has(answer, "Access-Control"));
        REQUIRE(has(answer, "\r\nVary: Origin\r\n"));
    }
    client.send_raw(preflight(app));
    const auto allowed = client.take_raw();
    REQUIRE(allowed.starts_with("HTTP/1.1 204 No Content\r\n"));
    REQUIRE(!has(allowed, "Content-Length"));
    REQUIRE(has(allowed, "\r\nAccess-Control-Allow-Origin: https://app.example\r\n"));
    REQUIRE(has(allowed, "\r\nAccess-Control-Allow-Methods: GET, HEAD, POST\r\n"));
    REQUIRE(has(allowed, "\r\nAccess-Control-Allow-Headers: Authorization, Content-Type\r\n"));
    REQUIRE(has(allowed, "\r\nConnection: keep-alive\r\n"));
    client.send_raw(preflight(other));
    const auto refused = client.take_raw();
    REQUIRE(refused.starts_with("HTTP/1.1 405"));
    REQUIRE(!has(refused, "Access-Control"));

    server any{{.cors_origins = {"*"}}}, none;
    memory_client open{any.io, any.wire}, shut{none.io, none.wire};
    REQUIRE(has(open.get("/", other), "Access-Control-Allow-Origin: https://evil.example\r\n"));
    REQUIRE(!has(shut.get("/", other), "Access-Control"));
}

TEST_CASE("files have security headers, which may be replaced") {
    const auto folder = std::filesystem::temp_directory_path() /
                        ("millrace_answer_headers_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream{folder / "index.html"} << "page";
    server s, own{{.extra_headers = {{"x-frame-options", "DENY"}}}};
    s.endpoint.files("/", folder);
    own.endpoint.files("/", folder);
    memory_client client{s.io, s.wire}, other_client{own.io, own.wire};
    const auto page = client.get("/"), replaced = other_client.get("/");
    std::filesystem::remove_all(folder);
    REQUIRE(has(page, "\r\nX-Frame-Options: SAMEORIGIN\r\nReferrer-Policy: no-referrer\r\n"));
    REQUIRE(has(page, "\r\nX-Content-Type-Options: nosniff\r\n"));
    REQUIRE(has(replaced, "\r\nx-frame-options: DENY\r\n"));
    REQUIRE(!has(replaced, "SAMEORIGIN"));
}
