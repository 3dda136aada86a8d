#pragma once

#include <millrace/endpoint/file_access_log.hpp>

namespace millrace::detail {

MILLRACE_INLINE file_sink::file_sink(std::filesystem::path path)
    : path_{std::move(path)}, file_{open()} {
    if (file_ == nullptr)
        throw std::system_error{errno, std::generic_category(),
                                "millrace: cannot open " + path_.string()};
}

MILLRACE_INLINE bool file_sink::write(std::string_view lines) {
    if (file_ == nullptr) reopen();
    if (file_ == nullptr) return false;
    const bool is_taken = std::fwrite(lines.data(), 1, lines.size(), file_.get()) == lines.size();
    const bool is_flushed = std::fflush(file_.get()) == 0;
    if (!is_taken || !is_flushed) std::clearerr(file_.get());
    return is_taken && is_flushed;
}

}  // namespace millrace::detail
