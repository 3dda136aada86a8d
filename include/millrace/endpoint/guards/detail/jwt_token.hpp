#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/codec/json_members.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/guards/detail/base64url.hpp>
#include <millrace/endpoint/guards/jwt_claims.hpp>
#include <millrace/http/text.hpp>

namespace millrace::detail {

/// A JSON Web Token in its compact form (RFC 7515, section 7.1), taken apart. It is not verified.
struct jwt_token {
    std::string algorithm;                ///< alg
    std::optional<std::string> key_id{};  ///< kid
    std::string claims;                   ///< a JSON text, if the signature is right
    std::string signature;
    std::string_view signed_text;  ///< of the text that was parsed

    /// Nothing for a text that is not three parts in base64url without padding, for a header that
    /// is no JSON object with an "alg", and for a "crit": no extension is understood (RFC 7515,
    /// section 4.1.11).
    [[nodiscard]] static std::optional<jwt_token> parse(std::string_view text);
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/detail/jwt_token.ipp>
#endif
