#pragma once

#include <millrace/endpoint/guards/origin_guard.hpp>

namespace millrace {

MILLRACE_INLINE origin_guard::origin_guard(const origin_settings& settings)
    : allow_no_origin_{settings.allow_no_origin} {
    for (const auto& text : settings.allowed) {
        auto origin = detail::web_origin::parse(text);
        if (!origin)
            throw std::invalid_argument{"origin_guard: \"" + text +
                                        "\" is no origin, such as \"https://example.com\""};
        allowed_.push_back(*std::move(origin));
    }
}

MILLRACE_INLINE verdict origin_guard::admit(const http::request& request,
                                            std::string_view remote_address) const {
    if (is_loopback(remote_address) && !is_for_this_machine(request))
        return {errc::forbidden,
                "this host is not this machine: list its origin in origin_settings::allowed"};
    if (!request.has_header("Origin")) {
        if (allow_no_origin_) return {};
        return {errc::forbidden, "an Origin is needed"};
    }
    const auto origin = detail::web_origin::parse(request.header("Origin"));
    const bool is_allowed =
        origin &&
        (allowed_.empty() ? detail::web_origin::parse(request.is_secure() ? "https" : "http",
                                                      request.authority()) == origin
                          : std::find(allowed_.begin(), allowed_.end(), *origin) != allowed_.end());
    if (is_allowed) return {};
    return {errc::forbidden, allowed_.empty()
                                 ? "this origin is not the server's own, scheme, host and port"
                                 : "this origin is not allowed"};
}

MILLRACE_INLINE bool origin_guard::is_loopback(std::string_view address) {
    static const address_list loopback{"127.0.0.0/8", "::1"};
    return loopback.contains(address);
}

MILLRACE_INLINE bool origin_guard::is_for_this_machine(const http::request& request) const {
    const auto asked = detail::web_origin::parse("http", request.authority());
    if (!asked) return false;
    std::string_view host = asked->host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return host == "localhost" || host.ends_with(".localhost") || detail::parse_ip(host) ||
           std::any_of(allowed_.begin(), allowed_.end(),
                       [&](const detail::web_origin& each) { return each.host == asked->host; });
}

}  // namespace millrace
