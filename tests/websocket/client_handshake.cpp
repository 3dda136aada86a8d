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
    request r;
    const auto bytes = make_upgrade_request("host:80", "/x?y=z", sample_key, "X-Token: t\r\n");
    const auto result = parse_request(bytes, r);
    REQUIRE(result.state == parse_result::complete);
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
