#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

/// A WebSocket URI (RFC 6455, section 3), taken apart.
struct url {
    bool is_secure = false;  ///< wss
    std::string host{};      ///< a name or an address, an IPv6 one without its brackets
    std::uint16_t port = 0;  ///< 80 or 443 where none is given
    std::string target{};    ///< path and query as they are sent; begins with a slash

    /// Nothing for what is no `ws:` or `wss:` URI, or has a user, a fragment, port 0, or a space,
    /// control or non-ASCII character. Host names are taken without percent escapes.
    [[nodiscard]] static std::optional<url> parse(std::string_view text);

    /// What the Host header says: without the scheme's own port (RFC 9110, section 4.2).
    [[nodiscard]] std::string authority() const;

private:
    [[nodiscard]] std::uint16_t default_port() const noexcept { return is_secure ? 443 : 80; }

    [[nodiscard]] static bool is_host_char(char c) noexcept;
    [[nodiscard]] static bool is_ipv6_char(char c) noexcept;

    [[nodiscard]] bool parse_host(std::string_view& authority);

    [[nodiscard]] bool parse_port(std::string_view text);
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/url.ipp>
#endif
