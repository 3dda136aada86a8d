#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

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
    [[nodiscard]] std::string authority() const {
        std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
        if (port != default_port()) out.append(":").append(std::to_string(port));
        return out;
    }

private:
    [[nodiscard]] std::uint16_t default_port() const noexcept { return is_secure ? 443 : 80; }

    [[nodiscard]] static bool is_host_char(char c) noexcept {
        const char lower = ascii_lower(c);
        return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
    }
    [[nodiscard]] static bool is_ipv6_char(char c) noexcept {
        const char lower = ascii_lower(c);
        return (lower >= 'a' && lower <= 'f') || is_digit(c) || c == ':' || c == '.';
    }

    [[nodiscard]] bool parse_host(std::string_view& authority) {
        bool is_good;
        if (authority.starts_with('[')) {
            const auto end = authority.find(']');
            if (end == std::string_view::npos) return false;
            host = authority.substr(1, end - 1);
            authority.remove_prefix(end + 1);
            is_good = std::all_of(host.begin(), host.end(), is_ipv6_char) &&
                      host.find(':') != std::string::npos;
        } else {
            host = authority.substr(0, authority.find(':'));
            authority.remove_prefix(host.size());
            is_good = std::all_of(host.begin(), host.end(), is_host_char);
        }
        return is_good && !host.empty() && host.front() != '.';
    }

    [[nodiscard]] bool parse_port(std::string_view text) {
        port = default_port();
        if (text.empty() || text == ":") return true;
        if (!text.starts_with(':')) return false;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data() + 1, end, port);
        return error == std::errc{} && stop == end && port != 0;
    }
};

inline std::optional<url> url::parse(std::string_view text) {
    const auto is_bad = [](char c) { return c <= ' ' || c > '~' || c == '#'; };
    if (std::any_of(text.begin(), text.end(), is_bad)) return std::nullopt;

    url out;
    const auto scheme = text.substr(0, text.find("://"));
    out.is_secure = iequals(scheme, "wss");
    if (scheme.size() == text.size() || (!out.is_secure && !iequals(scheme, "ws")))
        return std::nullopt;
    text.remove_prefix(scheme.size() + 3);

    auto authority = text.substr(0, text.find_first_of("/?"));
    text.remove_prefix(authority.size());
    if (!out.parse_host(authority) || !out.parse_port(authority)) return std::nullopt;
    out.target = text.starts_with('/') ? text : "/" + std::string{text};
    return out;
}

}  // namespace millrace::http
