#pragma once

#include <millrace/http/file_source.hpp>

namespace millrace::http {

MILLRACE_INLINE std::shared_ptr<const file_source> file_source::open(
    const std::filesystem::path& path, std::error_code& error) {
    error.clear();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) {
        error.assign(errno, std::generic_category());
        return nullptr;
    }
    std::shared_ptr<const file_source> made{new file_source{file}};
    if (S_ISREG(made->state_.st_mode)) return made;
    error = std::make_error_code(std::errc::invalid_argument);
    return nullptr;
}

MILLRACE_INLINE bool file_source::read(std::uint64_t offset, std::size_t count,
                                       std::string& out) const {
    const std::size_t start = out.size();
    out.resize(start + count);
    for (std::size_t done = 0; done != count;) {
        const ::ssize_t size = ::pread(file_, out.data() + start + done, count - done,
                                       static_cast<::off_t>(offset + done));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return false;
        done += static_cast<std::size_t>(size);
    }
    struct ::stat now {};
    return ::fstat(file_, &now) == 0 && now.st_size == state_.st_size &&
           written_at(now) == written_at(state_);
}

}  // namespace millrace::http
