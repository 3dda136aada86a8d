#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/router.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace::detail {

/// What the rule was asked about, for the operator.
[[nodiscard]] std::string in_words(endpoint_action what, std::string_view topic);

/// Whether the rule allows it. Without one, all do what a guard lets them come to.
/// @throws std::runtime_error when the rule throws, with what it was asked
[[nodiscard]] bool may(const endpoint_options& options, endpoint_action what,
                       std::string_view topic, const std::optional<std::string>& key,
                       std::string_view principal);

/// Whether a proxy, trusted or not, says that it speaks for another.
[[nodiscard]] bool is_forwarded(const http::request& request) noexcept;

/// Whether a peer is of this machine: its loopback addresses, a Unix socket, the same process.
[[nodiscard]] bool is_local(std::string_view peer);

/// Whether the metrics are shown, or the topology. Without a rule: to this machine and to
/// `trusted_addresses`, and metrics to all with `has_open_metrics`. Of a request that was
/// forwarded, the proxy's own address is no client's.
[[nodiscard]] bool may_observe(const endpoint_options& options, const http::request& request,
                               const http::caller& who, std::string_view what);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/authorize.ipp>
#endif
