#pragma once

#include <algorithm>
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
    origin_guard(const origin_settings& settings = {});

    [[nodiscard]] verdict admit(const http::request& request,
                                std::string_view remote_address) const;

private:
    [[nodiscard]] static bool is_loopback(std::string_view address);

    [[nodiscard]] bool is_for_this_machine(const http::request& request) const;

    std::vector<detail::web_origin> allowed_;
    bool allow_no_origin_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/origin_guard.ipp>
#endif
