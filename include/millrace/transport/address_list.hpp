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

#include <millrace/core/detail/compiled.hpp>

namespace millrace {

namespace detail {

using ip_bytes = std::array<std::uint8_t, 16>;

/// In front of an IPv4 address that is mapped (RFC 4291, 2.5.5.2).
inline constexpr ip_bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// An address in IPv6 form: IPv4 is mapped, a zone such as "%eth0" is
/// dropped.
[[nodiscard]] std::optional<ip_bytes> parse_ip(std::string_view text) noexcept;

[[nodiscard]] inline bool is_mapped(const ip_bytes& address) noexcept {
    return std::equal(address.begin(), address.begin() + 12, mapped_prefix.begin());
}

/// With only its first `bits`.
[[nodiscard]] ip_bytes masked(ip_bytes address, std::size_t bits) noexcept;

/// What limits count an address as: one of IPv6 as its network of so many bits.
[[nodiscard]] inline ip_bytes counted_as(const ip_bytes& address,
                                         std::size_t ipv6_prefix_bits) noexcept {
    return is_mapped(address) ? address : masked(address, ipv6_prefix_bits);
}

/// As IPv4 where it is mapped, else in IPv6's canonical form (RFC 5952).
[[nodiscard]] std::string to_string(const ip_bytes& address);

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
    void add(std::string_view text);

    /// Whether this is an address, and in the list. O(networks).
    [[nodiscard]] bool contains(std::string_view address) const noexcept;

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

#ifndef MILLRACE_COMPILED
#include <millrace/transport/address_list.ipp>
#endif
