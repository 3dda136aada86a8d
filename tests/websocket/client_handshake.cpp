#include <millrace/websocket/client_handshake.hpp>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::websocket;

namespace {

constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";

std::string answer(std::string_view status, std::string_view more = "",
                   std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
    return "HTTP/1.1 " + std::string{status} + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
           "Sec-WebSocket-Accept: " + std::string{accept} + "\r\n" + std::string{more} + "\r\n";
}

}  // namespace

TEST_CASE("a key is the nonce of RFC 6455, section 1.3 in base64") {
    std::array<unsigned char, 16> nonce;
    std::memcpy(nonce.data(), "the sample nonce", 16);
    CHECK(encode_key(nonce) == sample_key);
    CHECK(is_valid_key(encode_key(nonce)));
}

TEST_CASE("the server accepts the client's request, and the client its answer") {
    http::request r;
    const auto bytes = make_upgrade_request("host:80", "/x?y=z", sample_key, "X-Token: t\r\n");
    const auto result = http::parse_request(bytes, r);
    REQUIRE(result.state == http::parse_result::complete);
    CHECK(result.consumed == bytes.size());
    CHECK(r.target() == "/x?y=z");
    CHECK(r.header("Host") == "host:80");
    CHECK(r.header("X-Token") == "t");
    const auto accepted = accept_upgrade(r);
    CHECK_FALSE(accepted.error);
    CHECK_FALSE(check_upgrade_response(accepted.response, sample_key));
}

TEST_CASE("wrong answers are refused") {
    const std::string good = answer("101 Switching Protocols");
    CHECK_FALSE(check_upgrade_response(good, sample_key));
    CHECK_FALSE(check_upgrade_response(answer("101 "), sample_key));
    const auto is_bad = [](std::string_view head) {
        return check_upgrade_response(head, sample_key) == errc::bad_request;
    };
    CHECK(is_bad(""));
    CHECK(is_bad(good.substr(0, good.size() - 2)));
    CHECK(is_bad("HTTP/1.0" + good.substr(8)));
    CHECK(is_bad(answer("101 Switching Protocols", "", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")));
    CHECK(is_bad(answer("101 Switching Protocols", "", "")));
    CHECK(is_bad(answer("101 x", "Sec-WebSocket-Extensions: permessage-deflate\r\n")));
    CHECK(is_bad(answer("101 x", "Upgrade: websocket\r\n")));
    CHECK(is_bad("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    CHECK(check_upgrade_response(answer("200 OK"), sample_key) == errc::upgrade_required);
    CHECK(check_upgrade_response(answer("403 Forbidden"), sample_key) == errc::upgrade_required);
}

TEST_CASE("an answer in many lines is understood, a folded line or a broken status is not") {
    const std::string good = answer("101 Switching Protocols");
    const auto error = [](std::string_view head) {
        return check_upgrade_response(head, sample_key);
    };
    CHECK_FALSE(error(answer("101 x", "connection: x\r\nX: 1\r\nx: 2\r\nServer: y\r\n")));
    CHECK(error(answer("101 x", "X: 1\r\n 2\r\n")) == errc::bad_request);
    CHECK(error(answer("101 x", "X: 1\r\n\t2\r\n")) == errc::bad_request);
    CHECK(error(answer("101 x", "X : 1\r\n")) == errc::bad_request);
    CHECK(error(answer("101 x", "no colon\r\n")) == errc::bad_request);
    CHECK(error(answer("101 x", "X: a\nb\r\n")) == errc::bad_request);
    const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    CHECK(error(answer("101 x", accept)) == errc::bad_request);
    for (const char* status : {"101", "1010 x", "10 x", "x01 x", " 101 x", "+101 x", ""})
        CHECK(error(answer(status)) == errc::bad_request);
    CHECK(error(answer("100 Continue")) == errc::upgrade_required);
    std::string many;
    for (int i = 0; i != 64; ++i) many += "X: y\r\n";
    CHECK(error(answer("101 x", many)) == errc::bad_request);
}

TEST_CASE("the subprotocol is one of those that were offered") {
    constexpr std::string_view names[] = {"b", "a"};
    const upgrade_offer offer{.subprotocols = names};
    http::request r;
    const auto bytes = make_upgrade_request("h", "/", sample_key, {}, offer);
    REQUIRE(http::parse_request(bytes, r).state == http::parse_result::complete);
    CHECK(r.header("Sec-WebSocket-Protocol") == "b, a");

    const auto read = [&](std::string_view lines, const upgrade_offer& offered) {
        return read_upgrade_response(answer("101 x", lines), sample_key, offered);
    };
    CHECK(read("Sec-WebSocket-Protocol: a\r\n", offer).subprotocol == "a");
    CHECK_FALSE(read("", offer).error);
    CHECK(read("", offer).subprotocol.empty());
    for (const char* other : {"c", "", "A", "a, b", "a\r\nSec-WebSocket-Protocol: b"})
        CHECK(read("Sec-WebSocket-Protocol: " + std::string{other} + "\r\n", offer).error ==
              errc::bad_request);
    CHECK(read("Sec-WebSocket-Protocol: a\r\n", {}).error == errc::bad_request);
}
