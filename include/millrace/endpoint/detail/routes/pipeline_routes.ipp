#pragma once

#include <millrace/endpoint/detail/routes/pipeline_routes.hpp>
#include <millrace/endpoint/detail/routes/topic_route.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string input_name(std::string_view input, const serve_options& options) {
    if (!input.empty() || options.duplex_path.empty()) return std::string{input};
    return options.duplex_path.substr(1);
}

MILLRACE_INLINE route_table topic_routes(const std::vector<path_use>& paths) {
    route_table routes;
    for (const auto& each : paths)
        if (!each.input) routes.emplace(each.path, std::make_unique<topic_route>(each.topics));
    return routes;
}

}  // namespace millrace::detail
