#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/routes/event_route.hpp>
#include <millrace/endpoint/detail/routes/queued_input_route.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/endpoint/detail/routes/topic_route.hpp>
#include <millrace/endpoint/options.hpp>

namespace millrace::detail {

using route_table = std::map<std::string, std::unique_ptr<route>, std::less<>>;

/// @throws std::invalid_argument when the path is among `routes`.
void add_route(route_table& routes, const std::string& path, std::unique_ptr<route> to);

/// @throws std::invalid_argument for a name of a topic or an input that makes no path.
void require_name(const std::string& name);

/// @throws std::invalid_argument when `when_full` or `duplex_topics` name none of these topics, and
/// for `duplex_topics` without a `duplex_path`.
void require_topics(const topic_list& topics, const serve_options& options);

/// "/NAME" of each topic.
[[nodiscard]] route_table topic_routes(const topic_list& topics);

/// What the authorisation rule is asked about, of a source: see `authorization_rule`.
[[nodiscard]] std::string input_name(std::string_view input, const serve_options& options);

[[nodiscard]] topic_list duplex_topics(topic_list of, const serve_options& options);

/// Adds the paths of a source whose name is `input`; `make_input(name, topics)` makes a route that
/// takes its events and streams topics.
template <class MakeInput>
void add_input_routes(route_table& routes, std::string_view input, const topic_list& topics,
                      const serve_options& options, MakeInput&& make_input) {
    const std::string& duplex = options.duplex_path;
    const std::string name = input_name(input, options);
    if (!input.empty()) {
        require_name(name);
        add_route(routes, "/" + name, make_input(name, topic_list{}));
    }
    if (!duplex.empty())
        add_route(routes, duplex, make_input(name, duplex_topics(topics, options)));
}

/// Of a source that no queue reaches, in its pipeline's loop.
template <class Source>
void add_direct_routes(route_table& routes, Source& source, const topic_list& topics,
                       const serve_options& options) {
    const auto make = [&](std::string name, topic_list followed) {
        return std::make_unique<input_route<Source>>(source, std::move(name), std::move(followed));
    };
    add_input_routes(routes, source.input(), topics, options, make);
}

/// In a loop from which `queue` leads to the source.
template <class Queue>
void add_queued_routes(route_table& routes, const std::shared_ptr<Queue>& queue,
                       std::string_view input, const topic_list& topics,
                       const serve_options& options) {
    const auto make = [&](std::string name, topic_list followed) {
        return std::make_unique<queued_input_route<Queue>>(queue, std::move(name),
                                                           std::move(followed));
    };
    add_input_routes(routes, input, topics, options, make);
}

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/pipeline_routes.ipp>
#endif
