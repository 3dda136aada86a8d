#pragma once

#include <millrace/transport/inherited_socket.hpp>

namespace millrace::detail {

MILLRACE_INLINE int inherited_socket(const std::string& address) {
    const auto variable = [](const char* name) -> std::string_view {
        const char* const value = std::getenv(name);
        return value != nullptr ? value : "";
    };
    const auto number = [&](const char* name) {
        const auto text = variable(name);
        int value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    const auto wanted = std::string_view{address}.substr(systemd_prefix.size());
    const int count = number("LISTEN_PID") == ::getpid() ? number("LISTEN_FDS") : 0;
    auto names = variable("LISTEN_FDNAMES");
    constexpr int first = 3;
    for (int i = 0; i < count; ++i) {
        const auto name = names.substr(0, names.find(':'));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        if (!wanted.empty() && name != wanted) continue;
        const int duplicate = ::fcntl(first + i, F_DUPFD_CLOEXEC, first);
        if (duplicate < 0) throw std::system_error(errno, std::system_category(), address);
        return duplicate;
    }
    throw std::system_error(ENOENT, std::system_category(),
                            "no socket from systemd for \"" + address + "\"");
}

MILLRACE_INLINE int socket_option(int socket, int option) noexcept {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

MILLRACE_INLINE std::string_view fault_of(int socket, std::initializer_list<int> families) {
    const int family = socket_option(socket, SO_DOMAIN);
    if (family == -1) return "is no socket";
    if (std::ranges::count(families, family) == 0) return "is a socket of another family";
    if (socket_option(socket, SO_TYPE) != SOCK_STREAM)
        return "is no stream socket: the unit needs ListenStream=";
    if (socket_option(socket, SO_ACCEPTCONN) != 1)
        return "is not listening: the unit needs Accept=no";
    return {};
}

MILLRACE_INLINE int inherited_socket(const std::string& address,
                                     std::initializer_list<int> families) {
    const int socket = inherited_socket(address);
    const auto fault = fault_of(socket, families);
    if (fault.empty()) return socket;
    ::close(socket);
    throw std::system_error(EINVAL, std::system_category(),
                            "millrace: \"" + address + "\" " + std::string{fault});
}

}  // namespace millrace::detail
