#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/publish/detail/paths.hpp>

namespace millrace::detail {

using route_table = std::map<std::string, std::unique_ptr<route>, std::less<>>;

/// What the authorisation rule is asked about, of a source: see `authorization_rule`.
[[nodiscard]] std::string input_name(std::string_view input, const serve_options& options);

/// The routes of the paths that take no events.
[[nodiscard]] route_table topic_routes(const std::vector<path_use>& paths);

/// Adds the routes of the paths that take an input's events, by its number; `make(topics)` makes
/// one that streams topics as well.
template <class Make>
void add_input_routes(route_table& to, const std::vector<path_use>& paths, std::size_t input,
                      Make&& make) {
    for (const auto& each : paths)
        if (each.input == input) to.emplace(each.path, make(each.topics));
}

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/pipeline_routes.ipp>
#endif
