#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <millrace/http/request_target.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

namespace detail {

/// Whether a parameter of this name, as it was sent, may hold a secret: it speaks, in any case, of
/// a token, secret, password, signature or the like. One that cannot be decoded may.
[[nodiscard]] inline bool is_secret_name(std::string_view name) {
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

}  // namespace detail

/// A request's target as logs may keep it: the value of each parameter whose name speaks of a
/// token, password or the like (`token`, `access_token`, `api_key`, ...) is `***`, and so is what
/// stands before an `@` in an absolute form's authority. What `request_target::parse` would refuse
/// may be given, too: control characters and what is not ASCII come out as `?`.
[[nodiscard]] inline std::string target_without_secrets(std::string_view target) {
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
