#pragma once

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/access_format.hpp>
#include <millrace/endpoint/detail/logs/written_access_log.hpp>

namespace millrace {

namespace detail {

/// A file that lines are appended to.
class file_sink {
public:
    explicit file_sink(std::filesystem::path path);

    [[nodiscard]] bool write(std::string_view lines);

    void reopen() { file_ = open(); }

private:
    struct closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    using handle = std::unique_ptr<std::FILE, closer>;

    /// Not inherited by what the program starts.
    [[nodiscard]] handle open() const { return handle{std::fopen(path_.c_str(), "ae")}; }

    std::filesystem::path path_;
    handle file_;
};

}  // namespace detail

/// An access log that is a file, to which lines are appended in a thread of its own: no loop waits
/// for the disk. Copies share it, and so may endpoints.
class file_access_log : public detail::written_access_log<detail::file_sink> {
public:
    /// @throws std::system_error when it cannot be opened.
    explicit file_access_log(const std::filesystem::path& path,
                             const access_log_options& options = {})
        : written_access_log{detail::file_sink{path}, options} {}

    /// Opens the file of that name anew, from any thread: after it was renamed. Where that fails,
    /// each batch of lines tries again, and is lost and counted until one succeeds.
    void reopen() const { writer().reopen(); }
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/file_access_log.ipp>
#endif
