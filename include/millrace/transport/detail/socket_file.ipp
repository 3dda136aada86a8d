#pragma once

#include <millrace/transport/detail/socket_file.hpp>

namespace millrace::detail {

MILLRACE_INLINE void socket_file::remove() noexcept {
    struct stat now {};
    const bool is_ours = !path_.empty() && ::lstat(path_.c_str(), &now) == 0 &&
                         now.st_dev == bound_.st_dev && now.st_ino == bound_.st_ino;
    if (is_ours) ::unlink(path_.c_str());
    path_.clear();
}

MILLRACE_INLINE start_lock::~start_lock() {
    ::unlink(path_.c_str());
    ::close(descriptor_);
}

MILLRACE_INLINE bool start_lock::lock() {
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

}  // namespace millrace::detail
