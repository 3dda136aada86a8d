#pragma once

#include <millrace/endpoint/detail/routes/pipeline_routes.hpp>

namespace millrace::detail {

MILLRACE_INLINE void add_route(route_table& routes, const std::string& path,
                               std::unique_ptr<route> to) {
    if (!routes.emplace(path, std::move(to)).second)
        throw std::invalid_argument("millrace: the path \"" + path + "\" is taken already");
}

MILLRACE_INLINE void require_name(const std::string& name) {
    const std::string quoted = "millrace: the name \"" + name + "\" ";
    if (name.starts_with('/'))
        throw std::invalid_argument(quoted +
                                    "begins with a slash: its path is made of the name "
                                    "without its slash");
    const bool is_path = std::none_of(name.begin(), name.end(), [](unsigned char c) {
        return c <= ' ' || c == 0x7F || c == '?' || c == '#' || c == '%';
    });
    if (!is_path)
        throw std::invalid_argument(quoted +
                                    "makes no path: it has a space, a control character, "
                                    "'?', '#' or '%'");
}

MILLRACE_INLINE void require_topics(const topic_list& topics, const serve_options& options) {
    const auto require = [&](const std::string& name, std::string_view option) {
        if (std::none_of(topics.begin(), topics.end(),
                         [&](const auto& each) { return each->name() == name; }))
            throw std::invalid_argument("millrace: " + std::string{option} + " names no topic: \"" +
                                        name + "\"");
    };
    for (const auto& each : options.when_full) require(each.first, "when_full");
    for (const auto& name : options.duplex_topics) require(name, "duplex_topics");
    if (!options.duplex_topics.empty() && options.duplex_path.empty())
        throw std::invalid_argument("millrace: duplex_topics needs a duplex_path");
}

MILLRACE_INLINE route_table topic_routes(const topic_list& topics) {
    route_table routes;
    for (const auto& each : topics) {
        require_name(each->name());
        add_route(routes, "/" + each->name(), std::make_unique<topic_route>(topic_list{each}));
    }
    return routes;
}

MILLRACE_INLINE std::string input_name(std::string_view input, const serve_options& options) {
    if (!input.empty() || options.duplex_path.empty()) return std::string{input};
    return options.duplex_path.substr(1);
}

MILLRACE_INLINE topic_list duplex_topics(topic_list of, const serve_options& options) {
    const auto& named = options.duplex_topics;
    if (!named.empty())
        std::erase_if(of,
                      [&](const auto& each) { return !std::ranges::count(named, each->name()); });
    return of;
}

}  // namespace millrace::detail
