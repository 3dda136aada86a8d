#pragma once

#include <millrace/endpoint/detail/http/answer_headers.hpp>

namespace millrace::detail {

MILLRACE_INLINE answer_headers::answer_headers(const endpoint_options& options)
    : options_{options} {
    for (const auto& [name, value] : options.extra_headers) {
        if (!http::is_token(name) || http::has_bad_control(value + "x") ||
            value.find_first_of("\r\n") != value.npos)
            throw std::invalid_argument("millrace: \"" + name + "\" is no header's line");
        if (is_own(name))
            throw std::invalid_argument("millrace: the endpoint sets \"" + name + "\" itself");
        own_.append(name).append(": ").append(value).append("\r\n");
    }
    for (const auto& [name, value] : file_defaults)
        if (!is_given(name)) files_.append(name).append(": ").append(value).append("\r\n");
    for (const auto& each : options.cors_origins)
        if (each != "*" && !web_origin::parse(each))
            throw std::invalid_argument("millrace: \"" + each +
                                        "\" is no origin, such as \"https://example.com\"");
}

MILLRACE_INLINE std::string answer_headers::lines(std::string_view origin) const {
    std::string out = own_;
    if (!has_cors()) return out;
    if (is_allowed(origin))
        out.append("Access-Control-Allow-Origin: ").append(origin).append("\r\n");
    return out.append("Vary: Origin\r\n");
}

MILLRACE_INLINE std::optional<http::response> answer_headers::preflight(
    const http::request& request) const {
    if (!has_cors() || request.method() != "OPTIONS" ||
        !request.has_header("Access-Control-Request-Method") ||
        !is_allowed(request.header("Origin")))
        return std::nullopt;
    http::response answer{.status = 204};
    answer.extra_headers =
        "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
        "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
        "Access-Control-Max-Age: 600\r\n";
    return answer;
}

MILLRACE_INLINE bool answer_headers::is_own(std::string_view name) {
    constexpr std::array<std::string_view, 15> own{
        "Content-Length", "Content-Type", "Transfer-Encoding",
        "Connection",     "Upgrade",      "Keep-Alive",
        "Trailer",        "ETag",         "Allow",
        "Retry-After",    "Vary",         "WWW-Authenticate",
        "Cache-Control",  "Date",         "X-Content-Type-Options"};
    constexpr std::string_view cors = "Access-Control-";
    return http::iequals(name.substr(0, cors.size()), cors) ||
           std::any_of(own.begin(), own.end(),
                       [&](std::string_view each) { return http::iequals(name, each); });
}

MILLRACE_INLINE bool answer_headers::is_given(std::string_view name) const {
    return std::any_of(options_.extra_headers.begin(), options_.extra_headers.end(),
                       [&](const auto& each) { return http::iequals(each.first, name); });
}

MILLRACE_INLINE bool answer_headers::is_allowed(std::string_view origin) const {
    const auto asked = web_origin::parse(origin);
    return asked && std::any_of(options_.cors_origins.begin(), options_.cors_origins.end(),
                                [&](const std::string& each) {
                                    return each == "*" || web_origin::parse(each) == asked;
                                });
}

}  // namespace millrace::detail
