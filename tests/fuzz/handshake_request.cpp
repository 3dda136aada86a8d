// An HTTP request's head in any pieces, and the answer to its upgrade.

#include <algorithm>
#include <string>
#include <string_view>

#include <millrace/websocket/handshake.hpp>

#include "fuzz.hpp"

using namespace millrace;
using namespace millrace::http;
using namespace millrace::websocket;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    request whole;
    const auto result = parse_request(bytes, whole);
    fuzz::require(result.consumed <= size, "no more is consumed than there is");
    fuzz::require((result.state == parse_result::failed) == static_cast<bool>(result.error),
                  "an error is a failure");

    // The state of a longer part is that of a shorter one, or comes after it.
    auto before = parse_result::incomplete;
    for (std::size_t n = 0; n <= std::min<std::size_t>(size, 512); ++n) {
        request part;
        const auto seen = parse_request(bytes.substr(0, n), part);
        fuzz::require(before == parse_result::incomplete || seen.state == before,
                      "more bytes change no verdict");
        before = seen.state;
    }
    if (result.state != parse_result::complete) return 0;

    constexpr std::string_view subprotocols[] = {"chat", "superchat"};
    const auto answer = accept_upgrade(whole, subprotocols);
    fuzz::require(answer.response.starts_with("HTTP/1.1 101 ") == !answer.error,
                  "only a right request is upgraded");
    fuzz::require(answer.response.ends_with("\r\n\r\n") == !answer.error,
                  "the answer to it is a whole head, and there is no other");
    return 0;
}
