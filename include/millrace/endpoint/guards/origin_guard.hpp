#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/web_origin.hpp>
#include <millrace/http/request.hpp>

namespace millrace {

struct origin_settings {
    /// Origins that may connect, such as "https://app.example.com"; no others, so that your own is
    /// to be among them. If there are none: the origin whose host and port are the Host header's.
    std::vector<std::string> allowed{};
    /// Whether requests without an Origin header pass: those of no browser, and of a browser's
    /// plain visit to a page.
    bool allow_no_origin = true;
};

/// Keeps other sites' pages from using a browser's access to this server (RFC 6455, section 10.2):
/// an Origin that is not allowed, or "null", gets 403. Origins are compared whole: scheme, host and
/// port.
///
/// The default, same host, trusts the Host header. A server that must also be safe from rebound
/// names in a local network lists its origins.
class origin_guard {
public:
    /// @throws std::invalid_argument for an allowed origin that is none.
    origin_guard(const origin_settings& settings = {})
        : allow_no_origin_{settings.allow_no_origin} {
        for (const auto& text : settings.allowed) {
            auto origin = web_origin::parse(text);
            if (!origin)
                throw std::invalid_argument{"origin_guard: \"" + text +
                                            "\" is no origin, such as \"https://example.com\""};
            allowed_.push_back(*std::move(origin));
        }
    }

    [[nodiscard]] verdict admit(const http::request& request, std::string_view) const {
        if (!request.has_header("Origin")) {
            if (allow_no_origin_) return {};
            return {errc::forbidden, "an Origin is needed"};
        }
        const auto origin = web_origin::parse(request.header("Origin"));
        const bool is_allowed =
            origin &&
            (allowed_.empty()
                 ? web_origin::parse(origin->scheme, request.header("Host")) == origin
                 : std::find(allowed_.begin(), allowed_.end(), *origin) != allowed_.end());
        if (is_allowed) return {};
        return {errc::forbidden, "this origin is not allowed"};
    }

private:
    std::vector<web_origin> allowed_;
    bool allow_no_origin_;
};

}  // namespace millrace
