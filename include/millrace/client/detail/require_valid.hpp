#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/client/options.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/http/url.hpp>
#include <millrace/transport/http_connect.hpp>

namespace millrace::detail {

/// The same options, if a client can keep to them. What the handshake sends is for `client_upgrade`
/// to check, the waits for `backoff`. @throws std::invalid_argument, which names the first that is
/// wrong
[[nodiscard]] client_options require_valid(client_options options);

/// @throws std::invalid_argument for what is no WebSocket URL, or none for such a transport
[[nodiscard]] http::url require_url(std::string_view text, bool is_transport_secure);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/client/detail/require_valid.ipp>
#endif
