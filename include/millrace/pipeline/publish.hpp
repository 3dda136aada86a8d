#pragma once

#include <string>
#include <utility>

#include <millrace/core/stage.hpp>

namespace millrace {

struct publish_stage : stage {
    std::string topic;

    explicit publish_stage(std::string name) : topic{std::move(name)} {}
};

/// Gives each event or record to the subscribers of `topic`: on an endpoint those of the path
/// `/topic`. What follows in the pipeline gets it as well.
[[nodiscard]] inline publish_stage publish(std::string topic) {
    return publish_stage{std::move(topic)};
}

}  // namespace millrace
