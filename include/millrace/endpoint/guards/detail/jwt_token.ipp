#pragma once

#include <millrace/endpoint/guards/detail/jwt_token.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<jwt_token> jwt_token::parse(std::string_view text) {
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

}  // namespace millrace::detail
