#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace {

/// What the first bytes of a connection say as a header of the PROXY protocol.
struct proxy_header {
    enum class states { incomplete, complete, failed };

    states state = states::failed;
    /// Of the complete header; or, of one that is incomplete, how many bytes are missing at least.
    std::size_t bytes = 0;
    /// The client's address, IPv4 where it is v4-mapped. Empty if the header tells none: the proxy
    /// speaks for itself (LOCAL), or does not know (UNKNOWN, UNSPEC), or has it from a Unix socket.
    std::string source{};
};

namespace detail {

inline constexpr std::size_t max_proxy_header_bytes = 4096;
inline constexpr std::string_view proxy_signature{"\r\n\r\n\0\r\nQUIT\n", 12};

[[nodiscard]] inline proxy_header incomplete_proxy_header(std::size_t missing) {
    return {proxy_header::states::incomplete, missing};
}

[[nodiscard]] inline proxy_header complete_proxy_header(std::size_t bytes,
                                                        std::optional<ip_bytes> source = {}) {
    return {proxy_header::states::complete, bytes, source ? to_string(*source) : std::string{}};
}

/// Takes what is in front of the next space, or all.
[[nodiscard]] std::string_view take_word(std::string_view& text) noexcept;

[[nodiscard]] bool is_port(std::string_view text) noexcept;

/// "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"
[[nodiscard]] proxy_header parse_proxy_header_v1(std::string_view bytes);

/// The binary form: signature, version and command, family and protocol, length, addresses, TLVs.
[[nodiscard]] proxy_header parse_proxy_header_v2(std::string_view bytes);

}  // namespace detail

/// Reads a header of the PROXY protocol, version 1 or 2, at the front of `bytes`. Fails at the
/// first byte that no header has there, and for headers above 4096 bytes. TLVs are skipped.
/// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
[[nodiscard]] proxy_header parse_proxy_header(std::string_view bytes);

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/transport/proxy_header.ipp>
#endif
