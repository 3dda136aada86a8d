#pragma once

#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <websocketpp/base64/base64.hpp>

#include <millrace/core/error.hpp>
#include <millrace/websocket/handshake.hpp>
#include <millrace/websocket/http_fields.hpp>
#include <millrace/websocket/http_text.hpp>

namespace millrace::websocket {

/// Sec-WebSocket-Key for 16 random bytes.
[[nodiscard]] inline std::string encode_key(std::span<const unsigned char, 16> nonce) {
    return websocketpp::base64_encode(nonce.data(), nonce.size());
}

/// A client's request to upgrade (RFC 6455, section 4.1). `key_base64` comes from `encode_key`;
/// `extra_headers` are lines that each end in CRLF.
[[nodiscard]] inline std::string make_upgrade_request(std::string_view host,
                                                      std::string_view target,
                                                      std::string_view key_base64,
                                                      std::string_view extra_headers = {}) {
    std::string out;
    out.append("GET ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    out.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
    out.append("\r\nSec-WebSocket-Key: ").append(key_base64).append("\r\n");
    out.append(extra_headers).append("\r\n");
    return out;
}

/// Checks the head of the server's answer, up to and including its empty line. No extension was
/// offered, so an answer that names one is refused. Errors: `errc::bad_request`, and
/// `errc::upgrade_required` for a well-formed answer with a status other than 101.
[[nodiscard]] inline std::error_code check_upgrade_response(std::string_view head,
                                                            std::string_view key_base64) {
    if (!head.ends_with("\r\n\r\n") || has_bad_control(head)) return errc::bad_request;
    head.remove_suffix(2);
    const auto status_line = split_off(head, "\r\n");
    if (!status_line.starts_with("HTTP/1.1 ")) return errc::bad_request;
    if (!status_line.starts_with("HTTP/1.1 101 ")) return errc::upgrade_required;
    http_fields fields;
    if (const auto error = fields.parse(head, 64)) return error;
    const bool accepted = iequals(fields.get("Upgrade"), "websocket") &&
                          list_has(fields.get("Connection"), "upgrade") &&
                          fields.get("Sec-WebSocket-Accept") == accept_key(key_base64) &&
                          !fields.has("Sec-WebSocket-Extensions");
    return accepted ? std::error_code{} : make_error_code(errc::bad_request);
}

}  // namespace millrace::websocket
