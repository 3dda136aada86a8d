#pragma once

#include <millrace/endpoint/guards/detail/web_origin.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<web_origin> web_origin::parse(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return std::nullopt;
    return parse(text.substr(0, scheme_end), text.substr(scheme_end + 3));
}

MILLRACE_INLINE std::optional<web_origin> web_origin::parse(std::string_view scheme,
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

MILLRACE_INLINE std::string web_origin::lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), http::ascii_lower);
    return out;
}

MILLRACE_INLINE bool web_origin::is_port(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 5 && text.front() != '0' &&
           std::all_of(text.begin(), text.end(), http::is_digit);
}

MILLRACE_INLINE std::string_view web_origin::own_port(std::string_view scheme) noexcept {
    if (scheme == "http" || scheme == "ws") return "80";
    if (scheme == "https" || scheme == "wss") return "443";
    return {};
}

MILLRACE_INLINE bool web_origin::is_host(std::string_view text) noexcept {
    const bool is_ipv6 = text.starts_with('[') && text.ends_with(']');
    if (is_ipv6) text = text.substr(1, text.size() - 2);
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        const bool is_plain = (c >= 'a' && c <= 'z') || http::is_digit(c) || c == '.';
        return is_plain || (is_ipv6 ? c == ':' : c == '-' || c == '_');
    });
}

}  // namespace millrace::detail
