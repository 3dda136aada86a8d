#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include <millrace/endpoint/detail/routes/publisher.hpp>

namespace millrace::detail {

MILLRACE_INLINE void require_topics(const publication& of, const serve_options& options) {
    const auto require = [&](const std::string& name, std::string_view option) {
        if (std::none_of(of.topics.begin(), of.topics.end(),
                         [&](const auto& each) { return each->name() == name; }))
            throw std::invalid_argument("millrace: " + std::string{option} + " names no topic: \"" +
                                        name + "\"");
    };
    for (const auto& each : options.when_full) require(each.first, "when_full");
    for (const auto& name : options.duplex_topics) require(name, "duplex_topics");
    if (!options.duplex_topics.empty() && options.duplex_path.empty())
        throw std::invalid_argument("millrace: duplex_topics needs a duplex_path");
}

}  // namespace millrace::detail
