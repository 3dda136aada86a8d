// A server's answer, read by a client.

#include <string_view>

#include <millrace/websocket/client_handshake.hpp>

#include "fuzz.hpp"

using namespace millrace;
using namespace millrace::websocket;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view head{reinterpret_cast<const char*>(data), size};
    constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
    constexpr std::string_view subprotocols[] = {"chat", "superchat"};
    const auto answer = read_upgrade_response(head, key, {.subprotocols = subprotocols});
    if (!answer.error) {
        fuzz::require(head.starts_with("HTTP/1.1 101 "), "only 101 upgrades");
        fuzz::require(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string_view::npos,
                      "the key has been understood");
        fuzz::require(answer.subprotocol.empty() || answer.subprotocol == "chat" ||
                          answer.subprotocol == "superchat",
                      "the subprotocol was offered");
    }
    fuzz::require(!check_upgrade_response(head, key) <= !answer.error,
                  "who offers nothing accepts no more");
    return 0;
}
