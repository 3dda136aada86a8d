#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/text.hpp>

namespace millrace::detail {

/// A web origin: scheme, host and port (RFC 6454, section 4).
struct web_origin {
    std::string scheme;  ///< in lower case, as the host is
    std::string host;
    std::string port;  ///< empty where it is the scheme's own

    /// Of a serialised origin, such as "https://example.com:8443". Nothing for "null", a list, or
    /// any text that has more than an origin: a path, a user, a wildcard.
    [[nodiscard]] static std::optional<web_origin> parse(std::string_view text);

    /// Of a scheme and of what a Host header says.
    [[nodiscard]] static std::optional<web_origin> parse(std::string_view scheme,
                                                         std::string_view authority);

    friend bool operator==(const web_origin&, const web_origin&) = default;

private:
    [[nodiscard]] static std::string lower(std::string_view text);

    [[nodiscard]] static bool is_port(std::string_view text) noexcept;

    [[nodiscard]] static std::string_view own_port(std::string_view scheme) noexcept;

    /// A name, or an address in brackets (RFC 3986, section 3.2.2, without what browsers never
    /// send).
    [[nodiscard]] static bool is_host(std::string_view text) noexcept;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/detail/web_origin.ipp>
#endif
