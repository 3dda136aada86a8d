#pragma once

#include <millrace/http/url.hpp>

namespace millrace::http {

MILLRACE_INLINE std::string url::authority() const {
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != default_port()) out.append(":").append(std::to_string(port));
    return out;
}

MILLRACE_INLINE bool url::is_host_char(char c) noexcept {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
}

MILLRACE_INLINE bool url::is_ipv6_char(char c) noexcept {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'f') || is_digit(c) || c == ':' || c == '.';
}

MILLRACE_INLINE bool url::parse_host(std::string_view& authority) {
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

MILLRACE_INLINE bool url::parse_port(std::string_view text) {
    port = default_port();
    if (text.empty() || text == ":") return true;
    if (!text.starts_with(':')) return false;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 1, end, port);
    return error == std::errc{} && stop == end && port != 0;
}

MILLRACE_INLINE std::optional<url> url::parse(std::string_view text) {
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
