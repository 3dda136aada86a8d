#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/journal/journal.hpp>

namespace millrace {

namespace detail {

struct file_closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using open_file = std::unique_ptr<std::FILE, file_closer>;

}  // namespace detail

/// A journal in a file: after each block it is with the system, so that a process that is killed
/// loses none. What a crash of the machine leaves is read up to the first block that is not whole.
///
/// The file is `millrace journal 1` and a newline, then for the head and for each block its size in
/// 32 bits, in 64 its hash (FNV-1a by little-endian words of 64 bits, the last with zeros behind
/// it, and then the size), and its bytes, all numbers little-endian.
class file_journal {
public:
    /// A block is not larger: what is has errc::out_of_range.
    static constexpr std::size_t max_block_bytes = std::size_t{1} << 30;

    /// @throws std::system_error where there is such a file, or it cannot be made
    explicit file_journal(const std::filesystem::path& file);

    void begin(std::string_view head) { append(head); }
    void append(std::string_view block);
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    detail::open_file file_;
    std::error_code error_;
};
static_assert(journal<file_journal>);

/// Reads what a `file_journal` wrote, a block at a time.
class file_journal_reader {
public:
    /// @throws std::system_error where the file cannot be read, or is no journal:
    /// errc::archive_corrupt
    explicit file_journal_reader(const std::filesystem::path& file);

    [[nodiscard]] std::string_view head() const noexcept { return head_; }

    /// The next block, until the call after it; none at the end, and from an error on.
    [[nodiscard]] std::optional<std::string_view> next();

    /// errc::archive_truncated where the file ends within a block, errc::archive_corrupt where one
    /// is not as it was written.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

private:
    [[nodiscard]] bool read();
    [[nodiscard]] bool take(char* to, std::size_t size);

    detail::open_file file_;
    std::string head_;
    std::string block_;
    std::error_code error_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/journal/file_journal.ipp>
#endif
