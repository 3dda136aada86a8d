#pragma once

#include <millrace/transport/unix_socket.hpp>

namespace millrace {

MILLRACE_INLINE void unix_acceptor::close() {
    file_.remove();
    socket_acceptor::close();
}

MILLRACE_INLINE unix_acceptor::listening unix_acceptor::opened(asio::io_context& io,
                                                               const listen_options& options,
                                                               ::mode_t mode) {
    const auto& path = options.address;
    if (detail::is_inherited(path)) return {detail::inherited_socket(path, {AF_UNIX}), {}};
    std::error_code is_none;
    asio::ip::make_address(path, is_none);
    if (!is_none)
        throw std::invalid_argument("millrace: a Unix socket's address is a path, not " + path);
    const protocol::endpoint where{path};
    if (path.empty() || path.front() == '\0')
        throw std::system_error(make_error_code(asio::error::invalid_argument), "no path");
    const detail::start_lock lock{path};
    protocol::acceptor made{io, where.protocol()};
    // Linux makes the file with the socket's mode, so that it is never open to more.
    if (::fchmod(made.native_handle(), mode) != 0) fail(path);
    std::error_code error;
    made.bind(where, error);
    if (error == asio::error::address_in_use && is_stale(io, where)) {
        ::unlink(path.c_str());
        made.bind(where, error);
    }
    if (error) throw std::system_error(error, path);
    detail::socket_file file{path};
    if (::chmod(path.c_str(), mode) != 0) fail(path);
    made.listen(options.backlog);
    return {detail::release(made), std::move(file)};
}

MILLRACE_INLINE bool unix_acceptor::is_stale(asio::io_context& io,
                                             const protocol::endpoint& where) {
    struct stat file {};
    if (::lstat(where.path().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    protocol::socket probe{io, where.protocol()};
    probe.non_blocking(true);
    return ::connect(probe.native_handle(), where.data(), static_cast<socklen_t>(where.size())) !=
               0 &&
           errno == ECONNREFUSED;
}

}  // namespace millrace
