#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/sqlite_connection.hpp>

namespace millrace::detail {

/// What a path leads to. Only looked at: to open and close one of SQLite's files by any other way
/// would take its locks off (https://www.sqlite.org/howtocorrupt.html, 2.2).
struct file_id {
    dev_t device = 0;
    ino_t inode = 0;

    static std::optional<file_id> of(const std::string& path) noexcept;

    friend bool operator==(const file_id&, const file_id&) = default;
};

/// The size of the write-ahead log of a database file; 0 without one.
[[nodiscard]] std::uint64_t wal_bytes(const std::string& file) noexcept;

/// Knows whether the files that a connection has open are still those of their paths. Commits to a
/// file that was removed succeed and are lost.
class sqlite_watch {
public:
    enum class state { in_place, log_removed, file_removed };

    /// For a connection that has read its file in WAL mode.
    explicit sqlite_watch(const sqlite_connection& db);

    [[nodiscard]] state look(const sqlite_connection& db) const noexcept;

    /// Removes the log and the index that a removed file left behind, for they would spoil the one
    /// that comes in its place; not those of that one.
    void remove_leftovers() const noexcept;

    [[nodiscard]] const std::optional<file_id>& file() const noexcept { return file_; }

private:
    std::string path_;
    std::optional<file_id> file_, log_, index_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_watch.ipp>
#endif
