#pragma once

#include <millrace/endpoint/detail/sessions/forwarded_for.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<ip_bytes> address_of_node(std::string_view node) noexcept {
    std::string_view port;
    const auto first = node.find(':'), last = node.rfind(':');
    if (node.starts_with('[')) {
        const auto end = node.find(']');
        if (end == node.npos || first > end) return std::nullopt;
        port = node.substr(end + 1);
        node = node.substr(1, end - 1);
    } else if (first == last && first != node.npos) {
        port = node.substr(first);
        node = node.substr(0, first);
    }
    if (!port.empty()) {
        if (!port.starts_with(':') || port.size() == 1) return std::nullopt;
        port.remove_prefix(1);
        const bool is_number =
            port.size() <= 5 && std::all_of(port.begin(), port.end(), http::is_digit);
        if (!is_number && (!port.starts_with('_') || !http::is_token(port))) return std::nullopt;
    }
    return parse_ip(node);
}

MILLRACE_INLINE std::string_view take_last(std::string_view& list) noexcept {
    bool is_quoted = false;
    std::size_t at = list.size();
    for (; at != 0 && (is_quoted || list[at - 1] != ','); --at) {
        if (list[at - 1] != '"') continue;
        const auto before = list.substr(0, at - 1);
        const auto escapes = before.size() - (before.find_last_not_of('\\') + 1);
        if (!is_quoted || escapes % 2 == 0) is_quoted = !is_quoted;
    }
    const auto element = http::trim(list.substr(at));
    list = list.substr(0, at == 0 ? 0 : at - 1);
    return element;
}

MILLRACE_INLINE std::string take_value(std::string_view& rest) {
    if (!rest.starts_with('"')) {
        const auto value = rest.substr(0, rest.find(';'));
        rest.remove_prefix(value.size());
        return std::string{http::trim(value)};
    }
    std::string value;
    std::size_t at = 1;
    for (; at != rest.size() && rest[at] != '"'; ++at) {
        if (rest[at] == '\\' && ++at == rest.size()) break;
        value.push_back(rest[at]);
    }
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return value;
}

MILLRACE_INLINE std::optional<std::string> forwarded_parameter(std::string_view element,
                                                               std::string_view name) {
    std::optional<std::string> found;
    while (!element.empty()) {
        if (element.starts_with(';')) {  // an empty pair
            element = http::trim(element.substr(1));
            continue;
        }
        const auto key = http::trim(http::split_off(element, "="));
        std::string value = take_value(element);
        element = http::trim(element);
        if (!http::is_token(key) || (!element.empty() && !element.starts_with(';')))
            return std::nullopt;
        if (!element.empty()) element = http::trim(element.substr(1));
        if (!http::iequals(key, name)) continue;
        if (found) return std::nullopt;
        found = std::move(value);
    }
    return found;
}

MILLRACE_INLINE std::optional<bool> is_secure_scheme(std::string_view scheme) noexcept {
    if (http::iequals(scheme, "https") || http::iequals(scheme, "wss")) return true;
    if (http::iequals(scheme, "http") || http::iequals(scheme, "ws")) return false;
    return std::nullopt;
}

MILLRACE_INLINE forwarded_request forwarded_for(const http::request& request, std::string_view peer,
                                                const address_list& trusted,
                                                forwarding_header header) {
    const auto canonical = [](std::string_view address) {
        const auto ip = parse_ip(address);
        return ip ? to_string(*ip) : std::string{address};
    };
    forwarded_request known{canonical(peer)};
    if (!trusted.contains(peer)) return known;
    const bool is_forwarded = header == forwarding_header::forwarded;
    auto list = request.header(is_forwarded ? "Forwarded" : "X-Forwarded-For");
    while (!list.empty() && trusted.contains(known.client)) {
        const auto element = take_last(list);
        if (element.empty()) continue;  // RFC 9110, section 5.6.1.2
        std::string_view quoted = element;
        const auto node =
            is_forwarded ? forwarded_parameter(element, "for").value_or("") : take_value(quoted);
        if (is_forwarded)
            known.is_secure = is_secure_scheme(forwarded_parameter(element, "proto").value_or(""));
        const auto address = address_of_node(node);
        if (!address) break;
        known.client = to_string(*address);
    }
    if (!is_forwarded) {
        auto schemes = request.header("X-Forwarded-Proto");
        known.is_secure = is_secure_scheme(take_last(schemes));
    }
    return known;
}

}  // namespace millrace::detail
