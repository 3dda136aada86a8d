#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/http/text.hpp>

namespace millrace::detail {

/// A web origin: scheme, host and port (RFC 6454, section 4).
struct web_origin {
    std::string scheme;  ///< in lower case, as the host is
    std::string host;
    std::string port;  ///< empty where it is the scheme's own

    /// Of a serialised origin, such as "https://example.com:8443". Nothing for "null", a list, or
    /// any text that has more than an origin: a path, a user, a wildcard.
    [[nodiscard]] static std::optional<web_origin> parse(std::string_view text) {
        const auto scheme_end = text.find("://");
        if (scheme_end == text.npos) return std::nullopt;
        return parse(text.substr(0, scheme_end), text.substr(scheme_end + 3));
    }

    /// Of a scheme and of what a Host header says.
    [[nodiscard]] static std::optional<web_origin> parse(std::string_view scheme,
                                                         std::string_view authority) {
        const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
        const auto colon = authority.find(':', std::min(bracket, authority.size()));
        web_origin origin{lower(scheme), lower(authority.substr(0, colon)), {}};
        if (colon != authority.npos) {
            origin.port = authority.substr(colon + 1);
            if (!is_port(origin.port)) return std::nullopt;
            if (origin.port == own_port(origin.scheme)) origin.port.clear();
        }
        if (!http::is_token(origin.scheme) || !is_host(origin.host)) return std::nullopt;
        return origin;
    }

    friend bool operator==(const web_origin&, const web_origin&) = default;

private:
    [[nodiscard]] static std::string lower(std::string_view text) {
        std::string out{text};
        std::transform(out.begin(), out.end(), out.begin(), http::ascii_lower);
        return out;
    }

    [[nodiscard]] static bool is_port(std::string_view text) noexcept {
        return !text.empty() && text.size() <= 5 && text.front() != '0' &&
               std::all_of(text.begin(), text.end(), http::is_digit);
    }

    [[nodiscard]] static std::string_view own_port(std::string_view scheme) noexcept {
        if (scheme == "http" || scheme == "ws") return "80";
        if (scheme == "https" || scheme == "wss") return "443";
        return {};
    }

    /// A name, or an address in brackets (RFC 3986, section 3.2.2, without what browsers never
    /// send).
    [[nodiscard]] static bool is_host(std::string_view text) noexcept {
        const bool is_ipv6 = text.starts_with('[') && text.ends_with(']');
        if (is_ipv6) text = text.substr(1, text.size() - 2);
        return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
            const bool is_plain = (c >= 'a' && c <= 'z') || http::is_digit(c) || c == '.';
            return is_plain || (is_ipv6 ? c == ':' : c == '-' || c == '_');
        });
    }
};

}  // namespace millrace::detail
