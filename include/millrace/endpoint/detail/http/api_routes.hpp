#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/endpoint/detail/routes/authorize.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/router.hpp>
#include <millrace/publish/detail/publication.hpp>
#include <millrace/publish/topic.hpp>

namespace millrace::detail {

/// All topics, for /metrics.
[[nodiscard]] std::vector<endpoint_snapshot::topic> snapshot_of(const publications& all);

/// Appends what a list says of one topic: {"name":"bars","path":"/bars","key":"symbol",
/// "history":true}; the path if it may be followed, and the history if it is stored and may be
/// read.
void append_topic(std::string& out, const topic& each, bool is_followed, bool is_read);

/// The topics of which somebody may follow or read `key`, or all of it, as a JSON array.
void append_topics(std::string& out, const publications& all, const std::optional<std::string>& key,
                   const http::caller& who, const endpoint_options& options);

/// GET /api/topics?key=: see `append_topics`.
[[nodiscard]] http::response list_topics(const publications& all, const http::request& request,
                                         const http::caller& who, const endpoint_options& options);

/// GET /: what the asker finds here, {"topics":[...],"inputs":[{"name":"readings","paths":
/// ["/readings","/ws"]}],"http":["/api/topics",...]}; topics as in /api/topics.
[[nodiscard]] http::response list_all(const publications& all, const http::request& request,
                                      const http::caller& who, bool has_metrics,
                                      const endpoint_options& options);

/// GET /api/topics/NAME?key=&from=&to=&limit=: stored records as a JSON array, oldest first. 403
/// for what may not be read, whether it exists or not, 404 for an unknown topic or one that is not
/// stored, 400 naming a parameter that is wrong, 503 for a client that asks for too much at a time.
void serve_history(const publications& all, std::string_view name, const http::request& request,
                   const http::caller& who, const endpoint_options& options,
                   const http::responder& respond);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/http/api_routes.ipp>
#endif
