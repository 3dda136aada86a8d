#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <asio/error.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/poller.hpp>

namespace millrace::detail {

/// The name of a bound socket in the file system, until it is destroyed. It removes nothing that
/// another server has put in its place.
class socket_file {
public:
    socket_file() = default;
    explicit socket_file(std::string path) : path_{std::move(path)} {
        if (::lstat(path_.c_str(), &bound_) != 0) path_.clear();
    }
    socket_file(socket_file&& other) noexcept
        : path_{std::exchange(other.path_, {})}, bound_{other.bound_} {}
    socket_file& operator=(socket_file&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(bound_, other.bound_);
        return *this;
    }
    ~socket_file() { remove(); }

    /// To be called while the socket is open: its inode's number may be another's afterwards.
    void remove() noexcept;

private:
    std::string path_;
    struct stat bound_ {};
};

/// Held by the one server that is about to bind a path and to listen there; between the two, and
/// when it has found a dead server's file that it will remove, it must be alone.
///
/// It is an flock(2), which ends with the process, of a file beside the path. That file is removed
/// by whoever holds the lock; a lock of a file without a name is void. The folder itself, which
/// would need no file, could be locked by everyone who may read it.
class start_lock {
public:
    /// @throws std::system_error, `asio::error::address_in_use` if another holds it,
    /// std::errc::file_exists if what stands there is no regular file
    explicit start_lock(const std::string& path) : path_{path + ".starting"} {
        while (!lock()) ::close(descriptor_);
    }
    start_lock(const start_lock&) = delete;
    start_lock& operator=(const start_lock&) = delete;
    ~start_lock();

private:
    bool lock();

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/socket_file.ipp>
#endif
