#pragma once

#include <millrace/storage/sqlite_watch.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<file_id> file_id::of(const std::string& path) noexcept {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return std::nullopt;
    return file_id{found.st_dev, found.st_ino};
}

MILLRACE_INLINE std::uint64_t wal_bytes(const std::string& file) noexcept {
    struct stat found {};
    return stat((file + "-wal").c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size)
                                                      : 0;
}

MILLRACE_INLINE sqlite_watch::sqlite_watch(const sqlite_connection& db)
    : path_{sqlite3_db_filename(db.get(), "main")},
      file_{file_id::of(path_)},
      log_{file_id::of(path_ + "-wal")},
      index_{file_id::of(path_ + "-shm")} {}

MILLRACE_INLINE sqlite_watch::state sqlite_watch::look(const sqlite_connection& db) const noexcept {
    if (db.has_moved() || file_id::of(path_) != file_) return state::file_removed;
    return file_id::of(path_ + "-wal") == log_ ? state::in_place : state::log_removed;
}

MILLRACE_INLINE void sqlite_watch::remove_leftovers() const noexcept {
    if (log_ && file_id::of(path_ + "-wal") == log_) unlink((path_ + "-wal").c_str());
    if (index_ && file_id::of(path_ + "-shm") == index_) unlink((path_ + "-shm").c_str());
}

}  // namespace millrace::detail
