#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <websocketpp/base64/base64.hpp>
#include <websocketpp/sha1/sha1.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/text.hpp>
#include <millrace/websocket/compression.hpp>
#include <millrace/websocket/extension_list.hpp>

namespace millrace::websocket {

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, section 4.2.2, item 5.4).
[[nodiscard]] std::string accept_key(std::string_view key);

/// True if `key` is what a client must send: 16 bytes in base64.
[[nodiscard]] bool is_valid_key(std::string_view key) noexcept;

/// True if the request asks to become a WebSocket connection, rightly or not.
[[nodiscard]] inline bool wants_upgrade(const http::request& r) noexcept {
    return http::list_has(r.header("Upgrade"), "websocket");
}

/// The answer to a request to upgrade.
struct upgrade {
    std::error_code error{};
    std::string response{};            ///< the 101 to be sent; empty where there is an error
    std::string_view error_headers{};  ///< for the answer to an error: lines that each end in CRLF
    std::string subprotocol{};         ///< the one chosen; empty for none
    std::unique_ptr<compressor> compression{};  ///< for `protocol::use`; null for none
};

namespace detail {

/// RFC 6455, section 4.2.1.
[[nodiscard]] std::error_code check_upgrade(const http::request& r) noexcept;

/// The tokens of a comma-separated list; nothing when one is no token or given twice (section 4.1,
/// item 10). Empty members are skipped.
[[nodiscard]] std::optional<std::vector<std::string_view>> parse_subprotocols(
    std::string_view list);

[[nodiscard]] upgrade refuse_upgrade(std::error_code error);

}  // namespace detail

/// Answers a request to upgrade by RFC 6455, section 4.2, version 13 only. The subprotocol is the
/// first that the client offers and `subprotocols` has. `deflate` chooses among the extensions that
/// are offered; without it none is accepted.
/// Errors: `errc::bad_request` (400), `errc::method_not_allowed` (405), `errc::upgrade_required`
/// (426, which names version 13).
[[nodiscard]] upgrade accept_upgrade(const http::request& r,
                                     std::span<const std::string_view> subprotocols = {},
                                     const compression* deflate = nullptr);

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/handshake.ipp>
#endif
