#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/text.hpp>

namespace millrace {

/// The token that a request shows: of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1) or
/// else, as a browser's WebSocket cannot set a header, of `?token=TOKEN`. Nothing if there is none.
///
/// Logs and proxies keep targets: a token for the query should be short-lived.
[[nodiscard]] std::optional<std::string> bearer_token(const http::request& from);

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/bearer_token.ipp>
#endif
