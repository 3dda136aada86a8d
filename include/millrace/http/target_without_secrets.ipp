#pragma once

#include <millrace/http/target_without_secrets.hpp>

namespace millrace::http::detail {

MILLRACE_INLINE bool is_secret_name(std::string_view name) {
    constexpr std::array<std::string_view, 16> marks{
        "token", "secret", "pass", "bearer", "otp",  "ticket",  "code",   "pwd",
        "auth",  "jwt",    "sig",  "cred",   "sess", "api_key", "apikey", "api-key"};
    auto decoded = percent_decode(name, true);
    if (!decoded) return true;
    std::transform(decoded->begin(), decoded->end(), decoded->begin(), ascii_lower);
    return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) {
        return decoded->find(mark) != std::string::npos;
    });
}

}  // namespace millrace::http::detail

namespace millrace::http {

MILLRACE_INLINE std::string target_without_secrets(std::string_view target) {
    const auto question = std::min(target.find('?'), target.size());
    std::string_view front = target.substr(0, question);
    std::string_view query = target.substr(question);

    std::string out;
    out.reserve(target.size());
    if (const auto scheme = front.find("://"); scheme != std::string_view::npos) {
        out.append(split_off(front, "://")).append("://");
        const auto authority = front.substr(0, front.find('/'));
        if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
            out.append("***");
            front.remove_prefix(at);
        }
    }
    out.append(front);

    // Some readers take a semicolon for a separator as well, and a fragment has no place here.
    while (!query.empty()) {
        out.push_back(query.front());
        query.remove_prefix(1);
        const auto parameter = query.substr(0, query.find_first_of("&;#?"));
        query.remove_prefix(parameter.size());
        const auto equals = parameter.find('=');
        const bool has_value = equals != std::string_view::npos;
        if (has_value && detail::is_secret_name(parameter.substr(0, equals)))
            out.append(parameter.substr(0, equals)).append("=***");
        else
            out.append(parameter);
    }
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

}  // namespace millrace::http
