#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/topic_sink.hpp>

namespace millrace::detail {

/// What a path of a pipeline is for; the path as requests have it once it is percent-decoded.
struct path_use {
    std::string path;
    std::optional<std::size_t> input{};  ///< the number of the one whose events it takes
    topic_list topics{};                 ///< whose records it streams
};

/// A path that takes the events of a pipeline's one input and streams its topics; none if empty.
struct duplex_path {
    std::string path{};
    std::vector<std::string> topics{};  ///< by their names; all if empty
};

/// The paths of a pipeline: "/NAME" of each input that has a name, "/NAME" of each topic, and the
/// duplex path. @throws std::invalid_argument for a name or a path that no request can have, a path
/// that is there twice, a duplex path of several inputs, and topics of it that are none of `topics`
[[nodiscard]] std::vector<path_use> paths_of(const std::vector<std::string>& inputs,
                                             const topic_list& topics, const duplex_path& duplex);

/// Why no request can have a path, or one made of this name; empty where one can.
[[nodiscard]] std::string_view fault_of_path(std::string_view text) noexcept;

/// @throws std::invalid_argument for a path that no request can have
void require_path(std::string_view path);

/// @throws std::invalid_argument for a name that makes no such path
[[nodiscard]] std::string path_of_name(const std::string& name);

/// @throws std::invalid_argument where none of `topics` has the name that `option` gives
void require_topic(const topic_list& topics, const std::string& name, const std::string& option);

/// @throws std::invalid_argument where a policy is for none of `topics`
void require_topics(const topic_list& topics, const topic_policies& policies);

/// A topic, or what it has of one key.
struct followed_topic {
    std::shared_ptr<topic> of;
    std::optional<std::string> key;  ///< in its canonical form
};

/// What is followed of `topics` by who asks for this key of them, as a client writes it: where
/// there is one, those that it is a key of.
[[nodiscard]] std::vector<followed_topic> followed_topics(const topic_list& topics,
                                                          const std::optional<std::string>& key);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/publish/detail/paths.ipp>
#endif
