#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/json_members.hpp>
#include <millrace/core/detail/compiled.hpp>

namespace millrace {

namespace detail {

[[nodiscard]] bool set_once(std::optional<std::string>& to, const json_member& from);

[[nodiscard]] bool set_once(std::optional<double>& to, const json_member& from);

/// A string, or an array of strings.
[[nodiscard]] bool set_once(std::optional<std::vector<std::string>>& to, const json_member& from);

/// Whether a text in UTF-8 has one of Unicode's control characters (Cc).
[[nodiscard]] bool has_control_character(std::string_view text) noexcept;

}  // namespace detail

/// What a token says of itself: the registered claims (RFC 7519, section 4.1) that a server judges
/// it by. Times are in seconds after 1970.
struct jwt_claims {
    std::optional<std::string> issuer{};                 ///< iss
    std::optional<std::string> subject{};                ///< sub
    std::optional<std::vector<std::string>> audience{};  ///< aud; a single one, too
    std::optional<double> expires{};                     ///< exp
    std::optional<double> not_before{};                  ///< nbf

    /// Nothing for what is no JSON object, where one of these claims is given twice or has another
    /// type, and where a claim's name or text has a control character, which could forge a line in
    /// a log or a header. Other claims are ignored.
    [[nodiscard]] static std::optional<jwt_claims> parse(std::string json);
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/jwt_claims.ipp>
#endif
