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

namespace millrace {

namespace detail {

[[nodiscard]] inline bool set_once(std::optional<std::string>& to, const json_member& from) {
    if (to || from.kind != json_kind::string) return false;
    to = from.text;
    return true;
}

[[nodiscard]] inline bool set_once(std::optional<double>& to, const json_member& from) {
    if (to || from.kind != json_kind::number) return false;
    const char* const end = from.text.data() + from.text.size();
    return std::from_chars(from.text.data(), end, to.emplace()).ec == std::errc{};
}

/// A string, or an array of strings.
[[nodiscard]] inline bool set_once(std::optional<std::vector<std::string>>& to,
                                   const json_member& from) {
    if (!from.is_element) {
        if (to) return false;
        to.emplace();
        if (from.kind == json_kind::array) return true;
    }
    if (from.kind != json_kind::string) return false;
    to->emplace_back(from.text);
    return true;
}

/// Whether a text in UTF-8 has one of Unicode's control characters (Cc).
[[nodiscard]] inline bool has_control_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i != text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 != text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

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
    [[nodiscard]] static std::optional<jwt_claims> parse(std::string json) {
        jwt_claims claims;
        bool is_good = true;
        const auto error = read_json_members(std::move(json), [&](const json_member& member) {
            is_good &= !detail::has_control_character(member.name);
            if (member.kind == json_kind::string)
                is_good &= !detail::has_control_character(member.text);
            const auto set = [&](auto& claim) { is_good &= detail::set_once(claim, member); };
            if (member.name == "iss") set(claims.issuer);
            if (member.name == "sub") set(claims.subject);
            if (member.name == "aud") set(claims.audience);
            if (member.name == "exp") set(claims.expires);
            if (member.name == "nbf") set(claims.not_before);
        });
        if (error || !is_good) return std::nullopt;
        return claims;
    }
};

}  // namespace millrace
