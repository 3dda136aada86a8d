#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include <millrace/endpoint/detail/routes/publisher.hpp>

namespace millrace::detail {

MILLRACE_INLINE overflow_policy topic_policies::of(std::string_view topic) const {
    const auto found = own.find(topic);
    return found != own.end() ? found->second : otherwise;
}

MILLRACE_INLINE void require_topics(const publication& of, const serve_options& options) {
    for (const auto& policy : options.when_full) {
        const std::string& name = policy.first;
        if (std::none_of(of.topics.begin(), of.topics.end(),
                         [&](const auto& each) { return each->name() == name; }))
            throw std::invalid_argument("millrace: when_full names no topic: \"" + name + "\"");
    }
}

}  // namespace millrace::detail
