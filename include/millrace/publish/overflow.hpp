#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace millrace {

/// What happens to a consumer that reads more slowly than its results come.
enum class overflow_policy {
    drop_oldest,  ///< the oldest whole messages that wait for it are dropped, and counted
    /// While it is congested, a record of a topic replaces the last one of its key that waits,
    /// which is counted as dropped; else as `drop_oldest`.
    conflate,
    disconnect,  ///< it is closed with 1013
};

/// What each topic does with a slow follower.
struct topic_policies {
    overflow_policy otherwise = overflow_policy::drop_oldest;
    std::map<std::string, overflow_policy, std::less<>> own{};

    [[nodiscard]] overflow_policy of(std::string_view topic) const {
        const auto found = own.find(topic);
        return found != own.end() ? found->second : otherwise;
    }
};

}  // namespace millrace
