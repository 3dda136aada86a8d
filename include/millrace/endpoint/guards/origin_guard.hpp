#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/detail/web_origin.hpp>
#include <millrace/http/request.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace {

struct origin_settings {
    /// Origins that may connect, such as "https://app.example.com"; no others, so that your own is
    /// to be among them. If there are none: the server's own.
    std::vector<std::string> allowed{};
    /// Whether requests without an Origin header pass: those of no browser, and of a browser's
    /// plain visit to a page.
    bool allow_no_origin = true;
};

/// Keeps other sites' pages from using a browser's access to this server (RFC 6455, section 10.2):
/// an Origin that is not allowed, or "null", gets 403. Origins are compared whole: scheme, host and
/// port.
///
/// The server's own origin, the default, has the host and port of the Host header, and the scheme
/// by which the request came (`http::request::is_secure`): "http" or "https". Behind a proxy that
/// ends TLS the endpoint must know that proxy (`endpoint_options::trusted_proxies`), which must
/// pass Host on and say "https" in X-Forwarded-Proto or Forwarded; or list your origins.
///
/// A request of this machine itself, which no trusted proxy has forwarded, is for `localhost`, a
/// name below it, an address or an allowed origin's host: else some page has had its own name
/// rebound to this machine, to which the browser then takes the page to belong. A proxy on this
/// machine that is not trusted, or does not say for whom it asks, passes the same way: list the
/// origins that it serves. In a local network only a token keeps such pages out.
class origin_guard {
public:
    /// @throws std::invalid_argument for an allowed origin that is none.
    origin_guard(const origin_settings& settings = {})
        : allow_no_origin_{settings.allow_no_origin} {
        for (const auto& text : settings.allowed) {
            auto origin = detail::web_origin::parse(text);
            if (!origin)
                throw std::invalid_argument{"origin_guard: \"" + text +
                                            "\" is no origin, such as \"https://example.com\""};
            allowed_.push_back(*std::move(origin));
        }
    }

    [[nodiscard]] verdict admit(const http::request& request,
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
            (allowed_.empty()
                 ? detail::web_origin::parse(request.is_secure() ? "https" : "http",
                                             request.authority()) == origin
                 : std::find(allowed_.begin(), allowed_.end(), *origin) != allowed_.end());
        if (is_allowed) return {};
        return {errc::forbidden, allowed_.empty()
                                     ? "this origin is not the server's own, scheme, host and port"
                                     : "this origin is not allowed"};
    }

private:
    [[nodiscard]] static bool is_loopback(std::string_view address) {
        static const address_list loopback{"127.0.0.0/8", "::1"};
        return loopback.contains(address);
    }

    [[nodiscard]] bool is_for_this_machine(const http::request& request) const {
        const auto asked = detail::web_origin::parse("http", request.authority());
        if (!asked) return false;
        std::string_view host = asked->host;
        if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
        return host == "localhost" || host.ends_with(".localhost") || detail::parse_ip(host) ||
               std::any_of(allowed_.begin(), allowed_.end(), [&](const detail::web_origin& each) {
                   return each.host == asked->host;
               });
    }

    std::vector<detail::web_origin> allowed_;
    bool allow_no_origin_;
};

}  // namespace millrace
