#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/detail/http/api_routes.hpp>
#include <millrace/endpoint/detail/http/topology_routes.hpp>
#include <millrace/endpoint/detail/logs/lost_lines.hpp>
#include <millrace/endpoint/detail/routes/authorize.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/router.hpp>

namespace millrace::detail {

/// What an endpoint has counted, in all loops. `Core` is an `endpoint_core`.
template <class Core>
[[nodiscard]] endpoint_snapshot snapshot_of_core(const Core& now) {
    endpoint_snapshot snapshot{now.counters(),
                               {},
                               snapshot_of(now.paths.publications()),
                               lost_lines(now.access_log),
                               now.clock.wall()};
    for (const auto& each : now.paths.pipelines()) snapshot.pipelines.push_back(each->snapshot());
    return snapshot;
}

/// What every endpoint answers over HTTP.
template <class Metrics, class Core>
void add_http_routes(Core& to) {
    using http::caller, http::request, http::responder;
    auto& routes = to.paths.http;
    routes.add("/healthz", [](const request&, const caller&, const responder& respond) {
        respond({.body = "ok\n", .extra_headers = "Cache-Control: no-store\r\n"});
    });
    routes.add("/readyz", [&to](const request&, const caller&, const responder& respond) {
        if (to.is_draining())
            return respond(http::error_response(make_error_code(errc::try_again_later)));
        respond({.body = "ready\n", .extra_headers = "Cache-Control: no-store\r\n"});
    });
    if constexpr (!std::string_view{Metrics::content_type}.empty()) {
        routes.add("/metrics",
                   [&to](const request& r, const caller& who, const responder& respond) {
                       if (!may_observe(to.options(), r, who, "metrics"))
                           return respond(http::error_response(make_error_code(errc::forbidden)));
                       http::response answer{.content_type = std::string{Metrics::content_type}};
                       Metrics::write(snapshot_of_core(to), answer.body);
                       respond(std::move(answer));
                   });
    }
    routes.add("/api/topics", [&to](const request& r, const caller& who, const responder& respond) {
        respond(list_topics(to.paths.publications(), r, who, to.options()));
    });
    routes.add("/api/topology",
               [&to](const request& r, const caller& who, const responder& respond) {
                   if (!may_observe(to.options(), r, who, "topology"))
                       return respond(http::error_response(make_error_code(errc::forbidden)));
                   std::vector<named_topology> all;
                   for (const auto& each : to.paths.pipelines())
                       all.push_back({each->label, &each->made_of});
                   respond(serve_topology(std::move(all), r));
               });
    routes.add_index([&to](const request& r, const caller& who, const responder& respond) {
        constexpr bool has_metrics = !std::string_view{Metrics::content_type}.empty();
        respond(list_all(to.paths.publications(), r, who, has_metrics, to.options()));
    });
    const std::string prefix = "/api/topics/";
    routes.add_prefix(prefix, [&to, size = prefix.size()](const request& r, const caller& who,
                                                          const responder& respond) {
        const auto name = std::string_view{r.path()}.substr(size);
        serve_history(to.paths.publications(), name, r, who, to.options(), respond);
    });
}

}  // namespace millrace::detail
