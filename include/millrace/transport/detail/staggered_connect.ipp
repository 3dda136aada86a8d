#pragma once

#include <millrace/transport/detail/staggered_connect.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::vector<asio::ip::tcp::endpoint> interleaved(
    const std::vector<asio::ip::tcp::endpoint>& addresses, std::size_t most) {
    std::deque<asio::ip::tcp::endpoint> same, other;
    for (const auto& each : addresses)
        (each.protocol() == addresses.front().protocol() ? same : other).push_back(each);
    std::vector<asio::ip::tcp::endpoint> all;
    while (all.size() != most && !(same.empty() && other.empty())) {
        auto& next = same.empty() ? other : same;
        all.push_back(next.front());
        next.pop_front();
        if (!other.empty()) same.swap(other);
    }
    return all;
}

MILLRACE_INLINE void staggered_connect::close_all() {
    is_over_ = true;
    timer_.cancel();
    std::error_code ignored;
    for (auto& each : sockets_) each.close(ignored);
}

}  // namespace millrace::detail
