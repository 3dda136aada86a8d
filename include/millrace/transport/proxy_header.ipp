#pragma once

#include <millrace/transport/proxy_header.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string_view take_word(std::string_view& text) noexcept {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

MILLRACE_INLINE bool is_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, port);
    return parsed.ec == std::errc{} && parsed.ptr == end && (text[0] != '0' || text.size() == 1);
}

MILLRACE_INLINE proxy_header parse_proxy_header_v1(std::string_view bytes) {
    constexpr std::size_t min_bytes = 15, max_bytes = 107;
    const auto end = bytes.substr(0, max_bytes).find("\r\n");
    if (end == bytes.npos) {
        if (bytes.size() >= max_bytes) return {};
        const std::size_t missing = bytes.ends_with('\r') ? 1 : 2;
        return incomplete_proxy_header(
            std::max(missing, min_bytes - std::min(min_bytes, bytes.size())));
    }
    auto line = bytes.substr(0, end);
    const std::size_t size = end + 2;
    static_cast<void>(take_word(line));
    const auto protocol = take_word(line);
    if (protocol == "UNKNOWN") return complete_proxy_header(size);
    const bool is_ipv4 = protocol == "TCP4";
    if (!is_ipv4 && protocol != "TCP6") return {};
    const auto words = std::count(line.begin(), line.end(), ' ') + 1;
    const auto source = take_word(line), destination = take_word(line);
    const auto has_family = [&](std::string_view address) {
        return parse_ip(address) && (address.find(':') == address.npos) == is_ipv4 &&
               address.find('%') == address.npos;
    };
    const auto source_port = take_word(line);
    if (words != 4 || !has_family(source) || !has_family(destination) || !is_port(source_port) ||
        !is_port(line))
        return {};
    return complete_proxy_header(size, parse_ip(source));
}

MILLRACE_INLINE proxy_header parse_proxy_header_v2(std::string_view bytes) {
    constexpr std::size_t fixed_bytes = 16;
    if (bytes.size() < fixed_bytes) return incomplete_proxy_header(fixed_bytes - bytes.size());
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const unsigned version = at(12) >> 4, command = at(12) & 15u;
    const unsigned family = at(13) >> 4, protocol = at(13) & 15u;
    const std::size_t length = at(14) * 256u + at(15), size = fixed_bytes + length;
    constexpr std::array<std::size_t, 4> address_bytes{0, 12, 36, 216};
    if (version != 2 || command > 1 || size > max_proxy_header_bytes) return {};
    const bool is_local = command == 0;
    if (!is_local && (family > 3 || protocol > 2 || length < address_bytes[family])) return {};
    if (bytes.size() < size) return incomplete_proxy_header(size - bytes.size());

    const bool is_stream = !is_local && protocol == 1;
    const auto addresses = bytes.substr(fixed_bytes);
    ip_bytes source = mapped_prefix;
    if (is_stream && family == 1) std::copy_n(addresses.begin(), 4, source.begin() + 12);
    if (is_stream && family == 2) std::copy_n(addresses.begin(), 16, source.begin());
    const bool has_source = is_stream && (family == 1 || family == 2);
    return complete_proxy_header(size, has_source ? std::optional{source} : std::nullopt);
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE proxy_header parse_proxy_header(std::string_view bytes) {
    const auto begins_as = [&](std::string_view start) {
        const std::size_t size = std::min(bytes.size(), start.size());
        return bytes.substr(0, size) == start.substr(0, size);
    };
    if (begins_as("PROXY ")) return detail::parse_proxy_header_v1(bytes);
    if (begins_as(detail::proxy_signature)) return detail::parse_proxy_header_v2(bytes);
    return {};
}

}  // namespace millrace
