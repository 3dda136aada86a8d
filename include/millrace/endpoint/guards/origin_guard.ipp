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
    for (const auto& text : settings.hosts) {
        auto host = detail::web_origin::parse("http", text);
        if (!host || host->host.size() != text.size())
            throw std::invalid_argument{"origin_guard: \"" + text +
                                        "\" is no host, such as \"app.example.com\""};
        hosts_.push_back(std::move(host->host));
    }
    if (auto own = detail::web_origin::parse("http", detail::host_name()))
        own_name_ = std::move(own->host);
}

MILLRACE_INLINE verdict origin_guard::admit(const http::request& request,
                                            std::string_view remote_address) const {
    if (may_be_rebound(request, remote_address) && !is_for_this_server(request))
        return {errc::forbidden,
                "this name is not known to be the server's: list it in origin_settings::hosts"};
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

MILLRACE_INLINE bool origin_guard::may_be_rebound(const http::request& request,
                                                  std::string_view remote_address) const {
    static const address_list near{
        "127.0.0.0/8",    "::1",           "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
        "169.254.0.0/16", "100.64.0.0/10", "fc00::/7",   "fe80::/10"};
    return !hosts_.empty() || (!request.is_secure() && near.contains(remote_address));
}

MILLRACE_INLINE bool origin_guard::is_for_this_server(const http::request& request) const {
    const auto asked = detail::web_origin::parse("http", request.authority());
    if (!asked) return false;
    std::string_view host = asked->host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    constexpr std::array<std::string_view, 5> private_domains{".localhost", ".local", ".lan",
                                                              ".internal", ".home.arpa"};
    const auto is_host = [&](const std::string& each) { return each == asked->host; };
    return host.find('.') == host.npos || detail::parse_ip(host) || is_host(own_name_) ||
           std::any_of(private_domains.begin(), private_domains.end(),
                       [&](std::string_view each) { return host.ends_with(each); }) ||
           std::any_of(hosts_.begin(), hosts_.end(), is_host) ||
           std::any_of(allowed_.begin(), allowed_.end(),
                       [&](const detail::web_origin& each) { return is_host(each.host); });
}

}  // namespace millrace
