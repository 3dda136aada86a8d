#pragma once

#include <millrace/websocket/client_handshake.hpp>

namespace millrace::websocket {

MILLRACE_INLINE std::string make_upgrade_request(std::string_view host, std::string_view target,
                                                 std::string_view key_base64,
                                                 std::string_view extra_headers,
                                                 const upgrade_offer& offer) {
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

MILLRACE_INLINE upgrade_answer read_upgrade_response(std::string_view head,
                                                     std::string_view key_base64,
                                                     const upgrade_offer& offer) {
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

MILLRACE_INLINE std::error_code check_upgrade_response(std::string_view head,
                                                       std::string_view key_base64) {
    return read_upgrade_response(head, key_base64).error;
}

}  // namespace millrace::websocket
