#pragma once

#include <millrace/transport/http_connect.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<authority> parse_authority(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    authority to{};
    const auto* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, to.port);
    if (parsed.ec != std::errc{} || parsed.ptr != end || to.port == 0) return std::nullopt;
    if (host.find_first_of("/@ ") != host.npos) return std::nullopt;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != host.npos) {
        return std::nullopt;
    }
    to.host = host;
    if (host.empty()) return std::nullopt;
    return to;
}

MILLRACE_INLINE std::string to_string(const authority& to) {
    const bool is_ipv6 = to.host.find(':') != to.host.npos;
    return (is_ipv6 ? '[' + to.host + ']' : to.host) + ':' + std::to_string(to.port);
}

MILLRACE_INLINE int status_class(std::string_view head) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!head.starts_with("HTTP/1.0 ") && !head.starts_with("HTTP/1.1 ")) return 0;
    const auto status = head.substr(9, 4);
    const bool is_status = status.size() == 4 && status[0] >= '1' && status[0] <= '5' &&
                           is_digit(status[1]) && is_digit(status[2]) &&
                           (status[3] == ' ' || status[3] == '\r');
    return is_status ? status[0] - '0' : 0;
}

MILLRACE_INLINE std::error_code check_connect_response(std::string_view head) noexcept {
    const int status = status_class(head);
    if (status == 0) return errc::bad_request;
    if (status == 2) return {};
    if (head.substr(9).starts_with("407")) return errc::unauthorized;
    return asio::error::connection_refused;
}

}  // namespace millrace::detail
