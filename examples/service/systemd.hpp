#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "environment.hpp"

// What systemd wants to hear from a service (sd_notify(3), sd_watchdog_enabled(3)).

/// Sends a state such as "READY=1". Without systemd nothing happens.
inline void notify_systemd(std::string_view state) {
    const std::string path = text_from("NOTIFY_SOCKET", "");
    sockaddr_un to{};
    if (path.empty() || path.size() >= sizeof to.sun_path) return;
    to.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), to.sun_path);
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // an abstract name
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to), size);
    ::close(socket);
}

/// How often the watchdog is to be told that the service lives: twice in its time; zero where there
/// is none.
inline std::chrono::microseconds watchdog_interval() {
    const auto own = static_cast<long>(::getpid());
    if (number_from<long>("WATCHDOG_PID", own) != own) return {};
    return std::chrono::microseconds{number_from<long>("WATCHDOG_USEC", 0) / 2};
}
