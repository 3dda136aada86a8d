#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"

namespace load {

/// Many clients on one path, and which of them can be read.
class client_group {
public:
    client_group(std::uint16_t port, const std::string& path, std::size_t count)
        : epoll_(::epoll_create1(0)) {
        if (epoll_ < 0) fail("epoll_create1");
        for (std::size_t i = 0; i != count; ++i) {
            clients_.push_back(std::make_unique<client>(port, path));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->descriptor(), &event) != 0)
                fail("epoll_ctl");
        }
    }
    client_group(const client_group&) = delete;
    client_group& operator=(const client_group&) = delete;
    ~client_group() { ::close(epoll_); }

    /// Waits until something has come, reads it, and calls `f(index, client)` for each who got
    /// some.
    template <class F>
    void wait(F&& f) {
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const auto index =
                static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
            client& ready = *clients_[index];
            if (ready.receive()) f(index, ready);
        }
    }

    [[nodiscard]] std::size_t size() const { return clients_.size(); }
    client& operator[](std::size_t i) { return *clients_[i]; }

private:
    int epoll_;
    std::vector<std::unique_ptr<client>> clients_;
};

}  // namespace load
