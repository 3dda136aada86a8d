#include <millrace/websocket/handshake.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::websocket;

namespace {

// RFC 6455, section 1.3.
constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

struct upgrade_lines {
    std::string start = "GET /chat HTTP/1.1";
    std::string upgrade = "Upgrade: websocket\r\n";
    std::string connection = "Connection: Upgrade\r\n";
    std::string key = "Sec-WebSocket-Key: " + std::string{sample_key} + "\r\n";
    std::string version = "Sec-WebSocket-Version: 13\r\n";
    std::string more = "";
};

http::request parsed(const upgrade_lines& lines) {
    http::request r;
    const auto result =
        http::parse_request(lines.start + "\r\nHost: server.example.com\r\n" + lines.upgrade +
                                lines.connection + lines.key + lines.version + lines.more + "\r\n",
                            r);
    REQUIRE(result.state == http::parse_result::complete);
    return r;
}

std::error_code error_of(const upgrade_lines& lines) { return accept_upgrade(parsed(lines)).error; }

}  // namespace

TEST_CASE("the accept key of RFC 6455, section 1.3") {
    CHECK(accept_key(sample_key) == sample_accept);
}

TEST_CASE("the handshake of RFC 6455, section 1.3") {
    constexpr std::string_view bytes =
        "GET /chat HTTP/1.1\r\n"
        "Host: server.example.com\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://example.com\r\n"
        "Sec-WebSocket-Protocol: chat, superchat\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n";
    http::request r;
    REQUIRE(http::parse_request(bytes, r).state == http::parse_result::complete);
    CHECK(wants_upgrade(r));
    const std::string_view known[] = {"chat"};
    const auto answer = accept_upgrade(r, known);
    CHECK_FALSE(answer.error);
    CHECK(answer.subprotocol == "chat");
    CHECK(answer.response ==
          "HTTP/1.1 101 Switching Protocols\r\n"
          "Upgrade: websocket\r\n"
          "Connection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
          "Sec-WebSocket-Protocol: chat\r\n\r\n");
}

TEST_CASE("headers as browsers and proxies write them are understood") {
    CHECK_FALSE(error_of({}));
    CHECK_FALSE(error_of({.upgrade = "upgrade: WebSocket\r\n"}));
    CHECK_FALSE(error_of({.connection = "Connection: keep-alive, Upgrade\r\n"}));
    CHECK_FALSE(error_of({.connection = "Connection: keep-alive\r\nConnection: upgrade\r\n"}));
    CHECK_FALSE(error_of({.more = "Sec-WebSocket-Extensions: permessage-deflate\r\n"}));
}

TEST_CASE("what RFC 6455, section 4.2.1 asks for is required") {
    CHECK(error_of({.start = "POST /chat HTTP/1.1"}) == errc::method_not_allowed);
    CHECK(error_of({.start = "GET /chat HTTP/1.0"}) == errc::bad_request);
    CHECK(error_of({.upgrade = ""}) == errc::bad_request);
    CHECK(error_of({.upgrade = "Upgrade: h2c\r\n"}) == errc::bad_request);
    CHECK(error_of({.connection = ""}) == errc::bad_request);
    CHECK(error_of({.connection = "Connection: close\r\n"}) == errc::bad_request);
    for (const char* key :
         {"", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ==x",
          "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25jZ==="})
        CHECK(error_of({.key = "Sec-WebSocket-Key: " + std::string{key} + "\r\n"}) ==
              errc::bad_request);
    CHECK(error_of({.key = ""}) == errc::bad_request);
    const std::string key = "Sec-WebSocket-Key: " + std::string{sample_key} + "\r\n";
    CHECK(error_of({.key = key + key}) == errc::bad_request);
}

TEST_CASE("only version 13 is spoken, and another is told so") {
    for (const char* version : {"0", "7", "8", "12", "14", "013", "13, 8", "x"}) {
        const auto answer = accept_upgrade(
            parsed({.version = "Sec-WebSocket-Version: " + std::string{version} + "\r\n"}));
        CHECK(answer.error == errc::upgrade_required);
        CHECK(answer.error_headers == "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n");
    }
    CHECK(error_of({.version = ""}) == errc::upgrade_required);
}

TEST_CASE("a refusal has an error, and the lines that belong to it, but nothing to be sent") {
    const auto answer = accept_upgrade(parsed({.key = ""}));
    CHECK(answer.error == errc::bad_request);
    CHECK(answer.error_headers.empty());
    CHECK(answer.response.empty());
    CHECK(accept_upgrade(parsed({.start = "POST / HTTP/1.1"})).error_headers == "Allow: GET\r\n");
}

TEST_CASE("the subprotocol is the first offered one that the server has") {
    const std::string_view known[] = {"b", "c"};
    const auto chosen = [&](const std::string& offer) {
        return accept_upgrade(parsed({.more = offer}), known).subprotocol;
    };
    CHECK(chosen("Sec-WebSocket-Protocol: a, c, b\r\n") == "c");
    CHECK(chosen("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n") == "b");
    CHECK(chosen("Sec-WebSocket-Protocol: a, B, bb\r\n").empty());
    CHECK(chosen("Sec-WebSocket-Protocol: ,,,\r\n").empty());
    CHECK(chosen("").empty());
}

TEST_CASE("subprotocols are tokens, each offered once") {
    for (const char* list : {"a, a", "a,b,a", "a b", "a;b", "\"a\"", "a, b/c"})
        CHECK(error_of({.more = "Sec-WebSocket-Protocol: " + std::string{list} + "\r\n"}) ==
              errc::bad_request);
    const std::string line = "Sec-WebSocket-Protocol: a\r\n";
    CHECK(error_of({.more = line + line}) == errc::bad_request);
    CHECK_FALSE(error_of({.more = "Sec-WebSocket-Protocol: a, A\r\n"}));
}

TEST_CASE("a header that may be given once is refused when it comes twice") {
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    CHECK(error_of({.version = version + version}) == errc::bad_request);
    CHECK(error_of({.version = version + "Sec-WebSocket-Version: 8\r\n"}) == errc::bad_request);
    CHECK(error_of({.version = "Sec-WebSocket-Version: 13, 13\r\n"}) == errc::upgrade_required);
}

TEST_CASE("extensions are answered when there is something to answer them") {
    struct refusing : compression {
        compression_agreement accept(std::string_view offers) const override {
            seen = offers;
            return {};
        }
        std::string offer() const override { return {}; }
        compression_agreement confirm(std::string_view) const override { return {}; }
        mutable std::string seen;
    } refuses;
    const upgrade_lines lines{.more =
                                  "Sec-WebSocket-Extensions: a;b=1\r\n"
                                  "Sec-WebSocket-Extensions: c\r\n"};
    const auto answer = accept_upgrade(parsed(lines), {}, &refuses);
    CHECK_FALSE(answer.error);
    CHECK(answer.compression == nullptr);
    CHECK(refuses.seen == "a;b=1, c");
    CHECK(answer.response.find("Extensions") == std::string::npos);
    CHECK(error_of({.more = "Sec-WebSocket-Extensions: a b\r\n"}) == errc::bad_request);
    CHECK(error_of({.more = "Sec-WebSocket-Extensions: a;b=\"\"\r\n"}) == errc::bad_request);
}

TEST_CASE("an ordinary request does not ask for an upgrade") {
    CHECK(wants_upgrade(parsed({})));
    CHECK(wants_upgrade(parsed({.key = "", .version = ""})));
    CHECK_FALSE(wants_upgrade(parsed({.upgrade = ""})));
}
