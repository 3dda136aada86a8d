#include <millrace/client/detail/upgrade.hpp>

#include <array>
#include <memory>
#include <stdexcept>

#include <millrace/http/request.hpp>
#include <millrace/websocket/handshake.hpp>

#include "catch.hpp"

using namespace millrace;
using detail::client_upgrade;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

client_upgrade upgrade_for(const client_options& options) {
    return {millrace::http::url::parse(options.url).value(), options};
}

http::request request_of(const client_options& options) {
    http::request request;
    const auto text = upgrade_for(options).request(key);
    const auto parsed = http::parse_request(text, request);
    REQUIRE(parsed.state == http::parse_result::complete);
    REQUIRE(parsed.consumed == text.size());
    return request;
}

/// An answer with the key's right Sec-WebSocket-Accept (RFC 6455, section 1.3).
std::string answer(std::string_view status, std::string_view more = {}) {
    return "HTTP/1.1 " + std::string{status} +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
           std::string{more} + "\r\n";
}

struct no_compressor final : websocket::compressor {
    errc restore(std::string_view, bool, std::size_t, websocket::message_buffer&) override {
        return errc{};
    }
    bool compress(std::string_view, std::string&) override { return false; }
    [[nodiscard]] std::uint64_t shared_key() const noexcept override { return 0; }
};

struct named_compression final : websocket::compression {
    [[nodiscard]] websocket::compression_agreement accept(std::string_view) const override {
        return {};
    }
    [[nodiscard]] std::string offer() const override { return "squeeze; hard"; }
    [[nodiscard]] websocket::compression_agreement confirm(std::string_view a) const override {
        if (a != "squeeze") return {};
        return {"", std::make_unique<no_compressor>()};
    }
};

}  // namespace

TEST_CASE("the request asks for what the options say (RFC 6455, section 4.1)") {
    const auto request = request_of({.url = "ws://example.com:9000/feed?a=1",
                                     .subprotocols = {"v2", "v1"},
                                     .bearer_token = "abc.def",
                                     .headers = {{"X-Client", "a, b"}, {"Origin", "http://o"}},
                                     .compression = std::make_shared<named_compression>()});
    CHECK(request.method() == "GET");
    CHECK(request.target() == "/feed?a=1");
    CHECK(request.header("Host") == "example.com:9000");
    CHECK(request.header("Sec-WebSocket-Key") == key);
    CHECK(request.header("Sec-WebSocket-Version") == "13");
    CHECK(request.header("Sec-WebSocket-Protocol") == "v2, v1");
    CHECK(request.header("Sec-WebSocket-Extensions") == "squeeze; hard");
    CHECK(request.header("Authorization") == "Bearer abc.def");
    CHECK(request.header("X-Client") == "a, b");
    CHECK(request.header("Origin") == "http://o");
    CHECK(!websocket::accept_upgrade(request).error);
}

TEST_CASE("the request says no more than it has to") {
    const auto request = request_of({.url = "ws://[::1]"});
    CHECK(request.target() == "/");
    CHECK(request.header("Host") == "[::1]");
    for (const auto* name : {"Authorization", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"})
        CHECK(!request.has_header(name));
}

TEST_CASE("what may not stand in the request is refused") {
    using headers = std::vector<std::pair<std::string, std::string>>;
    const auto refuses = [](client_options options) {
        options.url = "ws://h/";
        CHECK_THROWS_AS(upgrade_for(options), std::invalid_argument);
    };
    for (const auto* name : {"", "a b", "a:", "a\r\nb", "Host", "upgrade", "CONNECTION",
                             "sec-websocket-key", "Sec-WebSocket-Protocol", "Content-Length"})
        refuses({.headers = headers{{name, "x"}}});
    for (const auto value : {"a\r\nb: c"sv, "a\n"sv, "a\r"sv, "a\0"sv})
        refuses({.headers = headers{{"X", std::string{value}}}});
    refuses({.subprotocols = {""}});
    refuses({.subprotocols = {"a,b"}});
    refuses({.subprotocols = {"a", "b", "a"}});
    refuses({.bearer_token = "a\r\nX: y"});
}

TEST_CASE("an answer is taken or refused, and says why") {
    const client_options options{.url = "ws://h/",
                                 .subprotocols = {"v2", "v1"},
                                 .compression = std::make_shared<named_compression>()};
    const auto upgrade = upgrade_for(options);
    const auto error = [&](const std::string& head) { return upgrade.read(head, key).error; };

    const auto plain = upgrade.read(answer("101 Switching Protocols"), key);
    CHECK(!plain.error);
    CHECK(plain.subprotocol.empty());
    CHECK(!plain.compression);

    const auto full = upgrade.read(
        answer("101 ", "Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Extensions: squeeze\r\n"), key);
    CHECK(!full.error);
    CHECK(full.subprotocol == "v1");
    CHECK(full.compression);

    CHECK(error(answer("101 x", "Sec-WebSocket-Protocol: v3\r\n")) == errc::bad_request);
    CHECK(error(answer("101 x", "Sec-WebSocket-Extensions: other\r\n")) == errc::bad_request);
    CHECK(upgrade.read(answer("101 x"), "AAAAAAAAAAAAAAAAAAAAAA==").error == errc::bad_request);
    CHECK(error("HTTP/1.0 101 x\r\n\r\n") == errc::bad_request);
    CHECK(error("SSH-2.0-OpenSSH_9.2\r\n\r\n") == errc::bad_request);
    for (const int status : {200, 301, 401, 403, 404, 503})
        CHECK(error(answer(std::to_string(status) + " x")) == http::status_error(status));
}
