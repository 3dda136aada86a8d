#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/codec/json_members.hpp>
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
    [[nodiscard]] static std::optional<jwt_token> parse(std::string_view text) {
        const auto last_dot = text.rfind('.');
        if (last_dot == text.find('.')) return std::nullopt;
        std::string_view claims_text = text.substr(0, last_dot);
        auto header = decode_base64url(http::split_off(claims_text, "."));
        auto claims = decode_base64url(claims_text);
        auto signature = decode_base64url(text.substr(last_dot + 1));
        if (!header || !claims || !signature) return std::nullopt;

        std::optional<std::string> algorithm, key_id;
        bool is_good = true;
        const auto error = read_json_members(*std::move(header), [&](const json_member& member) {
            if (member.name == "alg") is_good &= set_once(algorithm, member);
            if (member.name == "kid") is_good &= set_once(key_id, member);
            if (member.name == "crit") is_good = false;
        });
        if (error || !is_good || !algorithm) return std::nullopt;
        return jwt_token{*std::move(algorithm), std::move(key_id), *std::move(claims),
                         *std::move(signature), text.substr(0, last_dot)};
    }
};

}  // namespace millrace::detail
