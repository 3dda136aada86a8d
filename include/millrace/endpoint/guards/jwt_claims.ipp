#pragma once

#include <millrace/endpoint/guards/jwt_claims.hpp>

namespace millrace::detail {

MILLRACE_INLINE bool set_once(std::optional<std::string>& to, const json_member& from) {
    if (to || from.kind != json_kind::string) return false;
    to = from.text;
    return true;
}

MILLRACE_INLINE bool set_once(std::optional<double>& to, const json_member& from) {
    if (to || from.kind != json_kind::number) return false;
    const char* const end = from.text.data() + from.text.size();
    return std::from_chars(from.text.data(), end, to.emplace()).ec == std::errc{};
}

MILLRACE_INLINE bool set_once(std::optional<std::vector<std::string>>& to,
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

MILLRACE_INLINE bool has_control_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i != text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 != text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE std::optional<jwt_claims> jwt_claims::parse(std::string json) {
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

}  // namespace millrace
