#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <millrace/websocket/http_text.hpp>
#include <millrace/websocket/request.hpp>

namespace millrace {

/// The token that a request shows: of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1) or
/// else, as a browser's WebSocket cannot set a header, of `?token=TOKEN`. Nothing if there is none.
///
/// Logs and proxies keep targets: a token for the query should be short-lived.
[[nodiscard]] inline std::optional<std::string> bearer_token(const websocket::request& from) {
    std::string_view token = from.header("Authorization");
    if (websocket::iequals(websocket::split_off(token, " "), "Bearer"))
        return std::string{websocket::trim(token)};
    return from.query("token");
}

}  // namespace millrace
