#pragma once

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/detail/web_origin.hpp>
#include <millrace/http/request.hpp>
#include <millrace/transport/address_list.hpp>
#include <millrace/transport/detail/host_name.hpp>

namespace millrace {

struct origin_settings {
    /// Origins that may connect, such as "https://app.example.com"; no others, so that your own is
    /// to be among them. If there are none: the server's own.
    std::vector<std::string> allowed{};
    /// Whether requests without an Origin header pass: those of no browser, and of a browser's
    /// plain visit to a page.
    bool allow_no_origin = true;
    /// Names by which clients may ask for this server, such as "app.example.com", besides those
    /// that no page elsewhere can have; then all requests are held to them. If there are none, only
    /// those of this machine and of private networks are held to a name: see `origin_guard`.
    std::vector<std::string> hosts{};
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
/// A page elsewhere can have its own name rebound to an address that only its visitor reaches, to
/// which the browser then takes the page to belong. So a request that did not come by TLS, whose
/// certificate no such page has, and that is from this machine or a private network (RFC 1918,
/// 3927, 4193, 4291 and 6598), must ask for this server by a name that no page can have: an
/// address; `localhost` or what is below; a name without dots; one below `local`, `lan`, `internal`
/// or `home.arpa`; the machine's host name, as it is at construction; or the host of an allowed
/// origin. Others are to be listed in `hosts`, else they get 403: so where a server has a public
/// name in a private network, or stands behind a proxy there that passes this name on and is none
/// of `endpoint_options::trusted_proxies`. In a network of public addresses list `hosts` as well.
class origin_guard {
public:
    /// @throws std::invalid_argument for an allowed origin that is none, and for a host that is no
    /// name or address or has a port.
    origin_guard(const origin_settings& settings = {});

    [[nodiscard]] verdict admit(const http::request& request,
                                std::string_view remote_address) const;

private:
    /// Whether a page that was rebound could make its browser send this.
    [[nodiscard]] bool may_be_rebound(const http::request& request,
                                      std::string_view remote_address) const;

    [[nodiscard]] bool is_for_this_server(const http::request& request) const;

    std::vector<detail::web_origin> allowed_;
    std::vector<std::string> hosts_;
    std::string own_name_;
    bool allow_no_origin_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/origin_guard.ipp>
#endif
