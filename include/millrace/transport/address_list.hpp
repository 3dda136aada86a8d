#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

namespace detail {

using ip_bytes = std::array<std::uint8_t, 16>;

/// In front of an IPv4 address that is mapped (RFC 4291, 2.5.5.2).
inline constexpr ip_bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// An address in IPv6 form: IPv4 is mapped, a zone such as "%eth0" is
/// dropped.
[[nodiscard]] inline std::optional<ip_bytes> parse_ip(std::string_view text) noexcept {
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

[[nodiscard]] inline bool is_mapped(const ip_bytes& address) noexcept {
    return std::equal(address.begin(), address.begin() + 12, mapped_prefix.begin());
}

/// With only its first `bits`.
[[nodiscard]] inline ip_bytes masked(ip_bytes address, std::size_t bits) noexcept {
    for (std::size_t i = 0; i != address.size(); ++i) {
        const std::size_t kept = std::min<std::size_t>(bits - std::min(bits, 8 * i), 8);
        address[i] = static_cast<std::uint8_t>(address[i] & (0xff00u >> kept));
    }
    return address;
}

/// What limits count an address as: one of IPv6 as its network of so many bits.
[[nodiscard]] inline ip_bytes counted_as(const ip_bytes& address,
                                         std::size_t ipv6_prefix_bits) noexcept {
    return is_mapped(address) ? address : masked(address, ipv6_prefix_bits);
}

/// As IPv4 where it is mapped, else in IPv6's canonical form (RFC 5952).
[[nodiscard]] inline std::string to_string(const ip_bytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_ipv4 = is_mapped(address);
    ::inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address.data() + (is_ipv4 ? 12 : 0), text.data(),
                static_cast<socklen_t>(text.size()));
    return text.data();
}

}  // namespace detail

/// A set of addresses, such as `address_list{"10.0.0.0/8", "::1"}`: single ones, and networks in
/// CIDR notation (RFC 4632, RFC 4291 2.3). IPv4 addresses and their v4-mapped form are the same;
/// other IPv6 networks, "::/0" included, hold no IPv4 address.
class address_list {
public:
    address_list() = default;

    /// @throws std::invalid_argument for what is no address or network, and for a network with bits
    /// behind its prefix, such as "10.1.0.0/8".
    address_list(std::initializer_list<std::string_view> networks) {
        for (const auto each : networks) add(each);
    }

    /// @throws std::invalid_argument likewise.
    void add(std::string_view text) {
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

    /// Whether this is an address, and in the list. O(networks).
    [[nodiscard]] bool contains(std::string_view address) const noexcept {
        const auto bytes = detail::parse_ip(address);
        return bytes && std::ranges::any_of(networks_, [&](const network& each) {
                   return (each.bits >= mapped_bits || !detail::is_mapped(*bytes)) &&
                          detail::masked(*bytes, each.bits) == each.address;
               });
    }

    [[nodiscard]] bool empty() const noexcept { return networks_.empty(); }

private:
    static constexpr std::size_t mapped_bits = 96;

    struct network {
        detail::ip_bytes address;
        std::size_t bits;
    };

    [[noreturn]] static void refuse(std::string_view text, const char* why) {
        throw std::invalid_argument("millrace: \"" + std::string{text} + "\" " + why);
    }

    std::vector<network> networks_;
};

}  // namespace millrace
