#pragma once

#include <millrace/websocket/handshake.hpp>

namespace millrace::websocket {

MILLRACE_INLINE std::string accept_key(std::string_view key) {
    const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[20];
    websocketpp::sha1::calc(text.data(), text.size(), digest);
    return websocketpp::base64_encode(digest, sizeof digest);
}

MILLRACE_INLINE bool is_valid_key(std::string_view key) noexcept {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return key.size() == 24 && key.ends_with("==") && key.find_first_not_of(alphabet) == 22;
}

}  // namespace millrace::websocket

namespace millrace::websocket::detail {

MILLRACE_INLINE std::error_code check_upgrade(const http::request& r) noexcept {
    if (r.method() != "GET") return errc::method_not_allowed;
    if (!r.is_http_1_1() || !wants_upgrade(r) || !http::list_has(r.header("Connection"), "upgrade"))
        return errc::bad_request;
    if (r.header_lines("Sec-WebSocket-Version") > 1) return errc::bad_request;
    if (r.header("Sec-WebSocket-Version") != "13") return errc::upgrade_required;
    if (!is_valid_key(r.header("Sec-WebSocket-Key"))) return errc::bad_request;
    return {};
}

MILLRACE_INLINE std::optional<std::vector<std::string_view>> parse_subprotocols(
    std::string_view list) {
    std::vector<std::string_view> names;
    while (!list.empty()) {
        const auto name = http::trim(http::split_off(list, ","));
        if (name.empty()) continue;
        if (!http::is_token(name)) return std::nullopt;
        names.push_back(name);
    }
    auto sorted = names;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return std::nullopt;
    return names;
}

MILLRACE_INLINE upgrade refuse_upgrade(std::error_code error) {
    upgrade refused{.error = error};
    if (error == errc::upgrade_required)
        refused.error_headers = "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n";
    else if (error == errc::method_not_allowed)
        refused.error_headers = "Allow: GET\r\n";
    return refused;
}

}  // namespace millrace::websocket::detail

namespace millrace::websocket {

MILLRACE_INLINE upgrade accept_upgrade(const http::request& r,
                                       std::span<const std::string_view> subprotocols,
                                       const compression* deflate) {
    if (const auto error = detail::check_upgrade(r)) return detail::refuse_upgrade(error);
    const auto offered = detail::parse_subprotocols(r.header("Sec-WebSocket-Protocol"));
    const auto extensions = r.header("Sec-WebSocket-Extensions");
    if (!offered || !parse_extensions(extensions))
        return detail::refuse_upgrade(make_error_code(errc::bad_request));

    upgrade answer;
    answer.response =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(r.header("Sec-WebSocket-Key")) + "\r\n";
    const auto chosen = std::find_first_of(offered->begin(), offered->end(), subprotocols.begin(),
                                           subprotocols.end());
    if (chosen != offered->end()) {
        answer.subprotocol = *chosen;
        answer.response += "Sec-WebSocket-Protocol: " + answer.subprotocol + "\r\n";
    }
    if (deflate != nullptr) {
        auto agreed = deflate->accept(extensions);
        answer.compression = std::move(agreed.connection);
        if (answer.compression)
            answer.response += "Sec-WebSocket-Extensions: " + agreed.header + "\r\n";
    }
    answer.response += "\r\n";
    return answer;
}

}  // namespace millrace::websocket
