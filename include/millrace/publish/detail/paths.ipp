#pragma once

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <millrace/publish/detail/paths.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string_view fault_of_path(std::string_view text) noexcept {
    const bool has_others = std::any_of(text.begin(), text.end(), [](unsigned char c) {
        return c <= ' ' || c == 0x7F || c == '?' || c == '#' || c == '%';
    });
    if (has_others) return "it has a space, a control character, '?', '#' or '%'";
    while (!text.empty()) {
        const std::string_view segment = text.substr(0, text.find('/'));
        if (segment == "." || segment == "..") return "it has a segment \".\" or \"..\"";
        text.remove_prefix(std::min(text.size(), segment.size() + 1));
    }
    return {};
}

MILLRACE_INLINE std::string path_of_name(const std::string& name) {
    const std::string quoted = "millrace: the name \"" + name + "\" ";
    if (name.starts_with('/'))
        throw std::invalid_argument(quoted +
                                    "begins with a slash: its path is made of the name without "
                                    "its slash");
    const std::string fault{fault_of_path(name)};
    if (!fault.empty()) throw std::invalid_argument(quoted + "makes no path: " + fault);
    return "/" + name;
}

MILLRACE_INLINE void require_path(std::string_view path) {
    const std::string quoted = "\"" + std::string{path} + "\"";
    if (!path.starts_with('/'))
        throw std::invalid_argument("millrace: a path begins with a slash: " + quoted);
    const std::string fault{fault_of_path(path)};
    if (!fault.empty())
        throw std::invalid_argument("millrace: no request has the path " + quoted + ": " + fault);
}

MILLRACE_INLINE void require_topic(const topic_list& topics, const std::string& name,
                                   const std::string& option) {
    if (std::none_of(topics.begin(), topics.end(),
                     [&](const auto& each) { return each->name() == name; }))
        throw std::invalid_argument("millrace: " + option + " names no topic: \"" + name + "\"");
}

MILLRACE_INLINE void require_topics(const topic_list& topics, const topic_policies& policies) {
    for (const auto& each : policies.own) require_topic(topics, each.first, "when_full");
}

MILLRACE_INLINE std::vector<path_use> paths_of(const std::vector<std::string>& inputs,
                                               const topic_list& topics,
                                               const duplex_path& duplex) {
    std::vector<path_use> paths;
    const auto add = [&](path_use made) {
        for (const auto& each : paths)
            if (each.path == made.path)
                throw std::invalid_argument("millrace: the path \"" + made.path +
                                            "\" is taken already");
        paths.push_back(std::move(made));
    };
    for (const auto& each : topics) add({path_of_name(each->name()), std::nullopt, {each}});
    for (std::size_t i = 0; i != inputs.size(); ++i)
        if (!inputs[i].empty()) add({path_of_name(inputs[i]), i, {}});
    if (duplex.path.empty()) {
        if (!duplex.topics.empty())
            throw std::invalid_argument("millrace: duplex_topics needs a duplex_path");
        return paths;
    }
    require_path(duplex.path);
    if (inputs.size() > 1)
        throw std::invalid_argument(
            "millrace: a duplex path takes the events of one input, and this pipeline has "
            "several: send to their own paths, and follow its topics");
    for (const auto& name : duplex.topics) require_topic(topics, name, "duplex_topics");
    topic_list streamed;
    for (const auto& each : topics)
        if (duplex.topics.empty() || std::ranges::count(duplex.topics, each->name()) != 0)
            streamed.push_back(each);
    add({duplex.path, 0, std::move(streamed)});
    return paths;
}

MILLRACE_INLINE std::vector<followed_topic> followed_topics(const topic_list& topics,
                                                            const std::optional<std::string>& key) {
    std::vector<followed_topic> followed;
    for (const auto& each : topics) {
        auto own_key = key ? each->canonical_key(*key) : std::nullopt;
        if (own_key || !key) followed.push_back({each, std::move(own_key)});
    }
    return followed;
}

}  // namespace millrace::detail
