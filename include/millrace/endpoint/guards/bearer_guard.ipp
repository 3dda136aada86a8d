#pragma once

#include <millrace/endpoint/guards/bearer_guard.hpp>

namespace millrace {

MILLRACE_INLINE bearer_guard::bearer_guard(std::vector<known_token> known) {
    for (const auto& each : known)
        if (each.token.empty())
            throw std::invalid_argument{"bearer_guard: an empty token would let in anybody"};
    principal_of_ = [known = std::move(known)](std::string_view token) {
        const known_token* found = nullptr;
        for (const auto& each : known)
            if (equal_in_constant_time(each.token, token)) found = &each;
        return found != nullptr ? std::optional{found->principal} : std::nullopt;
    };
}

MILLRACE_INLINE verdict bearer_guard::admit(const http::request& request, std::string_view) const {
    const auto token = bearer_token(request);
    if (!token || token->empty()) return {errc::unauthorized, "a token is needed"};
    auto principal = principal_of_(*token);
    if (!principal) return {errc::unauthorized, "unknown token"};
    return verdict::pass(*std::move(principal));
}

}  // namespace millrace
