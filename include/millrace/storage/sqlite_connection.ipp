#pragma once

#include <millrace/storage/sqlite_connection.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::error_code sqlite_error(sqlite3* db) noexcept {
    switch (sqlite3_errcode(db) & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE: return {};
        case SQLITE_FULL: return errc::storage_full;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return errc::storage_locked;
        case SQLITE_ERROR: return errc::storage_schema;  // SQL that the file's tables do not fit
        default: return errc::storage_failed;
    }
}

MILLRACE_INLINE std::string quoted_name(std::string_view name) {
    if (name.empty() || name.find('\0') != name.npos) {
        throw std::system_error{errc::storage_schema,
                                "a table or column name is empty or has a NUL byte"};
    }
    std::string out = "\"";
    for (const char c : name) out.append(c == '"' ? 2 : 1, c);
    return out += '"';
}

MILLRACE_INLINE sqlite_connection::sqlite_connection(const std::string& file,
                                                     std::chrono::milliseconds busy_timeout,
                                                     bool may_create)
    : file_{file}, busy_timeout_{busy_timeout} {
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int result = sqlite3_open_v2(file.c_str(), &opened,
                                       may_create ? flags | SQLITE_OPEN_CREATE : flags, nullptr);
    db_.reset(opened);
    if (opened == nullptr) throw std::bad_alloc{};
    if (result != SQLITE_OK) fail_to_open();
    sqlite3_busy_handler(opened, &sqlite_connection::is_to_wait, this);
    sqlite3_wal_hook(opened, &sqlite_connection::note_wal, this);  // no checkpoint in commits
}

MILLRACE_INLINE bool sqlite_connection::checkpoint(int mode) noexcept {
    is_hasty_ = true;
    int pages = 0, moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(get(), "main", mode, &pages, &moved);
    is_hasty_ = false;
    return code == SQLITE_OK && pages == moved;
}

MILLRACE_INLINE void sqlite_connection::fail_to_open() const {
    std::error_code ignored;
    const auto folder = std::filesystem::path{file_}.parent_path();
    const auto found = std::filesystem::status(folder, ignored).type();
    if (!folder.empty() && found == std::filesystem::file_type::not_found)
        fail(error(), "there is no folder " + folder.string());
    fail();
}

MILLRACE_INLINE bool sqlite_connection::has_moved(sqlite3* db) noexcept {
    int answer = 0;
    return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK &&
           answer != 0;
}

MILLRACE_INLINE int sqlite_connection::note_wal(void* self, sqlite3*, const char*, int pages) {
    static_cast<sqlite_connection*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
}

MILLRACE_INLINE int sqlite_connection::is_to_wait(void* self, int waits) {
    auto& db = *static_cast<sqlite_connection*>(self);
    if (db.is_hasty_) return 0;
    const auto now = std::chrono::steady_clock::now();
    if (waits == 0) db.waits_since_ = now;
    if (now - db.waits_since_ >= db.busy_timeout_) return 0;
    if (db.give_up_ != nullptr && *db.give_up_) return 0;
    sqlite3_sleep(waits < 10 ? 1 : 10);
    return 1;
}

MILLRACE_INLINE sqlite_statement::sqlite_statement(const sqlite_connection& db,
                                                   const std::string& sql) {
    sqlite3_stmt* compiled = nullptr;
    if (sqlite3_prepare_v2(db.get(), sql.c_str(), -1, &compiled, nullptr) != SQLITE_OK) {
        db.fail();
    }
    statement_.reset(compiled);
}

MILLRACE_INLINE std::string_view sqlite_statement::text(int column) const noexcept {
    const unsigned char* const bytes = sqlite3_column_text(get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(get(), column));
    return {reinterpret_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}

}  // namespace millrace::detail
