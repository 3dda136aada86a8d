#pragma once

#include <millrace/client/detail/require_valid.hpp>

namespace millrace::detail {

MILLRACE_INLINE client_options require_valid(client_options options) {
    require_time("connect_timeout", options.connect_timeout);
    require_time("ping_interval", options.ping_interval);
    require_time("idle_timeout", options.idle_timeout);
    require_time("close_timeout", options.close_timeout);
    require_option(options.max_message_bytes != 0, "max_message_bytes must not be 0");
    require_option(options.max_head_bytes != 0, "max_head_bytes must not be 0");
    require_option(options.outbox_bytes != 0, "outbox_bytes must not be 0");
    require_option(options.proxy.empty() || parse_authority(options.proxy),
                   "a proxy is named as host:port, without a scheme, not \"" + options.proxy + '"');
    return options;
}

MILLRACE_INLINE http::url require_url(std::string_view text, bool is_transport_secure) {
    auto parsed = http::url::parse(text);
    const auto refuse = [text](const char* why) {
        throw std::invalid_argument("millrace: \"" + std::string{text} + "\" " + why);
    };
    if (!parsed) refuse("is no WebSocket URL");
    if (parsed->is_secure && !is_transport_secure) refuse("needs a transport over TLS");
    if (!parsed->is_secure && is_transport_secure)
        refuse("asks for no TLS, which the transport is");
    return *std::move(parsed);
}

}  // namespace millrace::detail
