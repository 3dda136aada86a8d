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
    void remove() noexcept {
        struct stat now {};
        const bool is_ours = !path_.empty() && ::lstat(path_.c_str(), &now) == 0 &&
                             now.st_dev == bound_.st_dev && now.st_ino == bound_.st_ino;
        if (is_ours) ::unlink(path_.c_str());
        path_.clear();
    }

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
    ~start_lock() {
        ::unlink(path_.c_str());
        ::close(descriptor_);
    }

private:
    bool lock() {
        // Without O_NONBLOCK a FIFO that stands there would be waited for.
        constexpr int flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        descriptor_ = ::open(path_.c_str(), flags, 0600);
        if (descriptor_ == -1) throw std::system_error(last_error(), path_);
        struct stat file {};
        if (::fstat(descriptor_, &file) != 0 || !S_ISREG(file.st_mode)) {
            ::close(descriptor_);
            throw std::system_error(make_error_code(std::errc::file_exists),
                                    path_ + " is no regular file");
        }
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            const bool is_held = errno == EWOULDBLOCK;
            const auto error = is_held ? asio::error::address_in_use : last_error();
            ::close(descriptor_);
            throw std::system_error(error, path_);
        }
        return ::fstat(descriptor_, &file) == 0 && file.st_nlink != 0;
    }

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace millrace::detail
