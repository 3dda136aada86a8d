#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/body_source.hpp>

namespace millrace::http {

/// A file that is read while it is sent: one descriptor, and no memory. A file that is written to
/// meanwhile ends the answer; one that is replaced, as by a rename, is sent as it was.
class file_source final : public body_source {
public:
    /// Null if it cannot be opened or is no regular file; symbolic links are not followed.
    [[nodiscard]] static std::shared_ptr<const file_source> open(const std::filesystem::path& path,
                                                                 std::error_code& error);

    ~file_source() override { ::close(file_); }

    [[nodiscard]] std::uint64_t size() const noexcept override {
        return static_cast<std::uint64_t>(state_.st_size);
    }

    /// As it was opened; in nanoseconds since the epoch.
    [[nodiscard]] std::int64_t written() const noexcept { return written_at(state_); }

    [[nodiscard]] bool read(std::uint64_t offset, std::size_t count,
                            std::string& out) const override;

    [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }

private:
    explicit file_source(int file) noexcept : file_{file} { ::fstat(file_, &state_); }

    [[nodiscard]] static std::int64_t written_at(const struct ::stat& state) noexcept {
        return std::int64_t{state.st_mtim.tv_sec} * 1'000'000'000 + state.st_mtim.tv_nsec;
    }

    int file_;
    struct ::stat state_ {};
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/file_source.ipp>
#endif
