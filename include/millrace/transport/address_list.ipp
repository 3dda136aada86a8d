#pragma once

#include <millrace/transport/address_list.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<ip_bytes> parse_ip(std::string_view text) noexcept {
    text = text.substr(0, text.find('%'));
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    ip_bytes bytes{};
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return bytes;
    bytes = mapped_prefix;
    if (::inet_pton(AF_INET, terminated.data(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

MILLRACE_INLINE ip_bytes masked(ip_bytes address, std::size_t bits) noexcept {
    for (std::size_t i = 0; i != address.size(); ++i) {
        const std::size_t kept = std::min<std::size_t>(bits - std::min(bits, 8 * i), 8);
        address[i] = static_cast<std::uint8_t>(address[i] & (0xff00u >> kept));
    }
    return address;
}

MILLRACE_INLINE std::string to_string(const ip_bytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_ipv4 = is_mapped(address);
    ::inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address.data() + (is_ipv4 ? 12 : 0), text.data(),
                static_cast<socklen_t>(text.size()));
    return text.data();
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE void address_list::add(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = detail::parse_ip(text.substr(0, slash));
    if (!address || text.find('%') != text.npos) refuse(text, "is no address or network");
    const bool is_ipv4 = text.find(':') == text.npos;
    std::size_t bits = is_ipv4 ? 32 : 128;
    if (slash != text.npos) {
        const auto number = text.substr(slash + 1);
        std::size_t given = 0;
        const auto end = number.data() + number.size();
        const auto parsed = std::from_chars(number.data(), end, given);
        if (parsed.ec != std::errc{} || parsed.ptr != end || given > bits)
            refuse(text, "has no valid prefix length");
        bits = given;
    }
    const network added{*address, is_ipv4 ? bits + mapped_bits : bits};
    if (detail::masked(added.address, added.bits) != added.address)
        refuse(text, "has bits behind its prefix");
    networks_.push_back(added);
}

MILLRACE_INLINE bool address_list::contains(std::string_view address) const noexcept {
    const auto bytes = detail::parse_ip(address);
    return bytes && std::ranges::any_of(networks_, [&](const network& each) {
               return (each.bits >= mapped_bits || !detail::is_mapped(*bytes)) &&
                      detail::masked(*bytes, each.bits) == each.address;
           });
}

}  // namespace millrace
