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
[[nodiscard]] inline std::string make_upgrade_request(std::string_view host,
                                                      std::string_view target,
                                                      std::string_view key_base64,
                                                      std::string_view extra_headers = {},
                                                      const upgrade_offer& offer = {}) {
    std::string out;
    out.append("GET ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    out.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
    out.append("\r\nSec-WebSocket-Key: ").append(key_base64).append("\r\n");
    std::string_view before = "Sec-WebSocket-Protocol: ";
    for (const std::string_view name : offer.subprotocols)
        out.append(std::exchange(before, ", ")).append(name);
    if (!offer.subprotocols.empty()) out.append("\r\n");
    if (offer.deflate != nullptr)
        out.append("Sec-WebSocket-Extensions: ").append(offer.deflate->offer()).append("\r\n");
    out.append(extra_headers).append("\r\n");
    return out;
}

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
[[nodiscard]] inline upgrade_answer read_upgrade_response(std::string_view head,
                                                          std::string_view key_base64,
                                                          const upgrade_offer& offer = {}) {
    const auto fail = [](errc error) { return upgrade_answer{make_error_code(error), {}, {}}; };
    if (!head.ends_with("\r\n\r\n") || http::has_bad_control(head)) return fail(errc::bad_request);
    head.remove_suffix(2);
    std::string_view status_line = http::split_off(head, "\r\n");
    http::fields fields;
    if (http::split_off(status_line, " ") != "HTTP/1.1" || !detail::is_status(status_line) ||
        fields.parse(head, detail::max_answer_lines))
        return fail(errc::bad_request);
    if (!status_line.starts_with("101")) return fail(errc::upgrade_required);
    if (!http::iequals(fields.get("Upgrade"), "websocket") ||
        !http::list_has(fields.get("Connection"), "upgrade") ||
        fields.get("Sec-WebSocket-Accept") != accept_key(key_base64))
        return fail(errc::bad_request);

    upgrade_answer answer;
    if (fields.has("Sec-WebSocket-Protocol")) {
        answer.subprotocol = fields.get("Sec-WebSocket-Protocol");
        const auto& offered = offer.subprotocols;
        if (std::find(offered.begin(), offered.end(), answer.subprotocol) == offered.end())
            return fail(errc::bad_request);
    }
    if (fields.has("Sec-WebSocket-Extensions")) {
        if (offer.deflate != nullptr)
            answer.compression =
                offer.deflate->confirm(fields.get("Sec-WebSocket-Extensions")).connection;
        if (!answer.compression) return fail(errc::bad_request);
    }
    return answer;
}

/// Whether the head is an interim answer, which another one follows (RFC 9110, section 15.2): 1xx
/// but 101.
[[nodiscard]] constexpr bool is_interim_response(std::string_view head) noexcept {
    constexpr std::string_view begin = "HTTP/1.1 1";
    if (!head.starts_with(begin)) return false;
    const auto status = head.substr(begin.size() - 1);
    return detail::is_status(status) && !status.starts_with("101");
}

/// As `read_upgrade_response` for a client that offered nothing.
[[nodiscard]] inline std::error_code check_upgrade_response(std::string_view head,
                                                            std::string_view key_base64) {
    return read_upgrade_response(head, key_base64).error;
}

}  // namespace millrace::websocket
