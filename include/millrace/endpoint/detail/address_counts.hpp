#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include <millrace/core/keyed_map.hpp>

namespace millrace::detail {

/// How many connections each address has, for all loops.
class address_counts {
public:
    /// Counts one more of an address; false if it has `most` already.
    [[nodiscard]] bool enter(const std::string& address, std::size_t most) {
        const std::lock_guard lock{mutex_};
        auto& count = counts_[address];
        if (count >= most) return false;
        ++count;
        return true;
    }

    void leave(const std::string& address) {
        const std::lock_guard lock{mutex_};
        const auto found = counts_.find(address);
        if (--found->second == 0) counts_.erase(found);
    }

private:
    std::mutex mutex_;
    keyed_map<std::string, std::size_t> counts_;
};

}  // namespace millrace::detail
