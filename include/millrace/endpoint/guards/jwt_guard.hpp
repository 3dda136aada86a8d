#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/clock.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/bearer_token.hpp>
#include <millrace/endpoint/guards/detail/jwt_token.hpp>
#include <millrace/endpoint/guards/jwt_claims.hpp>
#include <millrace/endpoint/guards/jwt_key.hpp>
#include <millrace/http/request.hpp>

namespace millrace {

struct jwt_settings {
    std::vector<jwt_key> keys;
    std::string issuer{};             ///< that must have made the token; empty: any
    std::string audience{};           ///< that the token must be for; empty: it must be for none
    std::chrono::seconds leeway{60};  ///< by which clocks may differ
    bool needs_expiry = true;         ///< whether a token that never expires is refused
};

/// Admits who shows a JSON Web Token (RFC 7519; see `bearer_token`) that one of the keys verifies
/// and whose claims are right: "exp", "nbf", "iss" and "aud". Its "sub" is the principal. Others
/// get 401.
///
///     jwt_guard{{.keys = {{jwt_algorithm::es256, public_key_pem}}, .audience = "prices"}}
///
/// The keys, not the token, say which algorithm counts: "none" and a public key as a secret get
/// nowhere. A token is good until it expires: there is no list of those that are called back, and
/// connections outlive it.
///
/// It needs OpenSSL: link millrace::tls. Complexity: a signature is verified for each key that fits
/// the token's "alg" and "kid".
///
/// @tparam Clock the wall's time, see millrace/core/clock.hpp
template <clock Clock = system_clock>
class basic_jwt_guard {
public:
    /// @throws std::invalid_argument for a key that no `jwt_verifier` takes, or none.
    basic_jwt_guard(jwt_settings settings, Clock time = {})
        : settings_{std::move(settings)}, clock_{std::move(time)} {
        if (settings_.keys.empty()) throw std::invalid_argument{"jwt_guard needs: a key"};
        for (auto& key : settings_.keys) keys_.emplace_back(std::move(key));
        settings_.keys.clear();
    }

    [[nodiscard]] verdict admit(const http::request& request, std::string_view) const {
        const auto text = bearer_token(request);
        if (!text || text->empty()) return {errc::unauthorized, "a token is needed"};
        const auto token = detail::jwt_token::parse(*text);
        if (!token || !is_signed(*token)) return {errc::unauthorized, "invalid token"};
        const auto claims = jwt_claims::parse(token->claims);
        if (!claims) return {errc::unauthorized, "invalid claims"};
        if (const char* fault = fault_of(*claims)) return {errc::unauthorized, fault};
        return verdict::pass(claims->subject.value_or(""));
    }

private:
    [[nodiscard]] bool is_signed(const detail::jwt_token& token) const {
        const auto* key_id = token.key_id ? &*token.key_id : nullptr;
        return std::any_of(keys_.begin(), keys_.end(), [&](const jwt_verifier& key) {
            return key.fits(token.algorithm, key_id) &&
                   key.verify(token.signed_text, token.signature);
        });
    }

    [[nodiscard]] const char* fault_of(const jwt_claims& claims) const {
        using seconds = std::chrono::duration<double>;
        const double now = seconds{clock_.wall().time_since_epoch()}.count();
        const double leeway = seconds{settings_.leeway}.count();
        if (!claims.expires && settings_.needs_expiry) return "the token never expires";
        if (claims.expires && now >= *claims.expires + leeway) return "the token has expired";
        if (claims.not_before && now < *claims.not_before - leeway)
            return "the token is not valid yet";
        if (!settings_.issuer.empty() && claims.issuer != settings_.issuer)
            return "the token is of another issuer";
        if (!is_for_us(claims)) return "the token is for another audience";
        return nullptr;
    }

    /// RFC 7519, section 4.1.3: who is not among a token's audience must refuse it.
    [[nodiscard]] bool is_for_us(const jwt_claims& claims) const {
        if (!claims.audience) return settings_.audience.empty();
        return !settings_.audience.empty() &&
               std::find(claims.audience->begin(), claims.audience->end(), settings_.audience) !=
                   claims.audience->end();
    }

    jwt_settings settings_;
    std::vector<jwt_verifier> keys_;
    Clock clock_;
};

using jwt_guard = basic_jwt_guard<>;

}  // namespace millrace
