#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <websocketpp/base64/base64.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/fields.hpp>
#include <millrace/http/text.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/handshake.hpp>

namespace millrace::websocket {

namespace detail {

inline constexpr std::size_t max_answer_lines = 64;

/// "101 Switching Protocols": the reason may be empty, the space before it may not be left out.
[[nodiscard]] constexpr bool is_status(std::string_view text) noexcept {
    return text.size() >= 4 && http::is_digit(text[0]) && http::is_digit(text[1]) &&
           http::is_digit(text[2]) && text[3] == ' ';
}

}  // namespace detail

/// Sec-WebSocket-Key for 16 random bytes.
[[nodiscard]] inline std::string encode_key(std::span<const unsigned char, 16> nonce) {
    return websocketpp::base64_encode(nonce.data(), nonce.size());
}

/// What a client asks for beside the WebSocket itself.
struct upgrade_offer {
    std::span<const std::string_view> subprotocols{};  ///< different tokens, the best first
    const compression* deflate = nullptr;              ///< null to offer none
};

/// A client's request to upgrade (RFC 6455, section 4.1). `key_base64` comes from `encode_key`;
/// `extra_headers` are lines that each end in CRLF. Nothing else may hold a CR or LF; none is
/// checked.
[[nodiscard]] std::string make_upgrade_request(std::string_view host, std::string_view target,
                                               std::string_view key_base64,
                                               std::string_view extra_headers = {},
                                               const upgrade_offer& offer = {});

/// What a server answered.
struct upgrade_answer {
    std::error_code error;
    std::string subprotocol;                  ///< one of those offered; empty for none
    std::unique_ptr<compressor> compression;  ///< for `protocol::use`; null for none
};

/// Checks the head of the server's answer, up to and including its empty line, against what was
/// offered (RFC 6455, section 4.1). Errors: `errc::bad_request`, also for a subprotocol or an
/// extension that was not offered; `errc::upgrade_required` for a well-formed answer with a status
/// other than 101.
[[nodiscard]] upgrade_answer read_upgrade_response(std::string_view head,
                                                   std::string_view key_base64,
                                                   const upgrade_offer& offer = {});

/// Whether the head is an interim answer, which another one follows (RFC 9110, section 15.2): 1xx
/// but 101.
[[nodiscard]] constexpr bool is_interim_response(std::string_view head) noexcept {
    constexpr std::string_view begin = "HTTP/1.1 1";
    if (!head.starts_with(begin)) return false;
    const auto status = head.substr(begin.size() - 1);
    return detail::is_status(status) && !status.starts_with("101");
}

/// As `read_upgrade_response` for a client that offered nothing.
[[nodiscard]] std::error_code check_upgrade_response(std::string_view head,
                                                     std::string_view key_base64);

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/client_handshake.ipp>
#endif
