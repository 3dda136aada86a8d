#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

inline constexpr std::string_view systemd_prefix = "systemd:";

[[nodiscard]] inline bool is_inherited(std::string_view address) noexcept {
    return address.starts_with(systemd_prefix);
}

/// A socket that systemd has opened for this process (sd_listen_fds(3)): the one with the
/// FileDescriptorName behind "systemd:", or the first for "systemd:" alone. It is a duplicate, to
/// be closed by the caller, so that the socket can be asked for again.
/// @throws std::system_error if there is none.
[[nodiscard]] int inherited_socket(const std::string& address);

/// One of the socket's numbers, -1 for what is no socket.
[[nodiscard]] int socket_option(int socket, int option) noexcept;

/// What keeps connections from being accepted by it; empty for nothing.
[[nodiscard]] std::string_view fault_of(int socket, std::initializer_list<int> families);

/// Likewise, a listening stream socket of one of these families. @throws std::system_error, which
/// says what is wrong with it
[[nodiscard]] int inherited_socket(const std::string& address, std::initializer_list<int> families);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/inherited_socket.ipp>
#endif
