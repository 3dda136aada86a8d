#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include <sqlite3.h>

#include <millrace/core/error.hpp>

namespace millrace::detail {

/// What kind of error the latest call on the connection ended with.
[[nodiscard]] inline std::error_code sqlite_error(sqlite3* db) noexcept {
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

/// An SQL identifier that means `name`, whatever characters it is made of.
/// @throws std::system_error for an empty name or one with a NUL byte.
[[nodiscard]] inline std::string quoted_name(std::string_view name) {
    if (name.empty() || name.find('\0') != name.npos) {
        throw std::system_error{errc::storage_schema,
                                "a table or column name is empty or has a NUL byte"};
    }
    std::string out = "\"";
    for (const char c : name) out.append(c == '"' ? 2 : 1, c);
    return out += '"';
}

/// An open database file; for one thread at a time.
class sqlite_connection {
public:
    /// @param may_create whether a file that is missing is made
    /// @throws std::system_error with SQLite's own text, as do `execute` and `sqlite_statement`.
    sqlite_connection(const std::string& file, std::chrono::milliseconds busy_timeout,
                      bool may_create = true)
        : file_{file}, busy_timeout_{busy_timeout} {
        sqlite3* opened = nullptr;
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
        const int result = sqlite3_open_v2(
            file.c_str(), &opened, may_create ? flags | SQLITE_OPEN_CREATE : flags, nullptr);
        db_.reset(opened);
        if (opened == nullptr) throw std::bad_alloc{};
        if (result != SQLITE_OK) fail_to_open();
        sqlite3_busy_handler(opened, &sqlite_connection::is_to_wait, this);
        sqlite3_wal_hook(opened, &sqlite_connection::note_wal, this);  // no checkpoint in commits
    }

    sqlite_connection(const sqlite_connection&) = delete;
    sqlite_connection& operator=(const sqlite_connection&) = delete;

    [[nodiscard]] sqlite3* get() const noexcept { return db_.get(); }

    [[nodiscard]] std::error_code error() const noexcept { return sqlite_error(get()); }

    /// The same in SQLite's words, behind the file's name.
    [[nodiscard]] std::string text() const { return file_ + ": " + sqlite3_errmsg(get()); }

    [[noreturn]] void fail() const { throw std::system_error{error(), text()}; }
    [[noreturn]] void fail(std::error_code code, const std::string& what) const {
        throw std::system_error{code, file_ + ": " + what};
    }

    /// Ends a wait for another's lock before its time, once `flag` is set.
    void give_up_on(const std::atomic<bool>& flag) noexcept { give_up_ = &flag; }

    /// Whether the path no longer leads to the file that is open.
    [[nodiscard]] bool has_moved() const noexcept { return has_moved(get()); }

    /// Runs a statement whose rows do not matter.
    [[nodiscard]] bool try_execute(const char* sql) noexcept {
        return sqlite3_exec(get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    }

    void execute(const std::string& sql) {
        if (!try_execute(sql.c_str())) fail();
    }

    void rollback() noexcept {
        if (sqlite3_get_autocommit(get()) == 0) static_cast<void>(try_execute("ROLLBACK"));
    }

    /// The pages in the write-ahead log behind the latest commit.
    [[nodiscard]] int wal_pages() const noexcept { return wal_pages_; }

    /// Moves what it can from the write-ahead log to the file, without waiting for anyone.
    /// @param mode SQLITE_CHECKPOINT_PASSIVE, ..._TRUNCATE
    /// @return whether that was all; SQLITE_BUSY, in `error`, where others keep it from going on
    bool checkpoint(int mode) noexcept {
        is_hasty_ = true;
        int pages = 0, moved = 0;
        const int code = sqlite3_wal_checkpoint_v2(get(), "main", mode, &pages, &moved);
        is_hasty_ = false;
        return code == SQLITE_OK && pages == moved;
    }

private:
    [[noreturn]] void fail_to_open() const {
        std::error_code ignored;
        const auto folder = std::filesystem::path{file_}.parent_path();
        const auto found = std::filesystem::status(folder, ignored).type();
        if (!folder.empty() && found == std::filesystem::file_type::not_found)
            fail(error(), "there is no folder " + folder.string());
        fail();
    }

    static bool has_moved(sqlite3* db) noexcept {
        int answer = 0;
        return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK &&
               answer != 0;
    }

    static int note_wal(void* self, sqlite3*, const char*, int pages) {
        static_cast<sqlite_connection*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
    }

    static int is_to_wait(void* self, int waits) {
        auto& db = *static_cast<sqlite_connection*>(self);
        if (db.is_hasty_) return 0;
        const auto now = std::chrono::steady_clock::now();
        if (waits == 0) db.waits_since_ = now;
        if (now - db.waits_since_ >= db.busy_timeout_) return 0;
        if (db.give_up_ != nullptr && *db.give_up_) return 0;
        sqlite3_sleep(waits < 10 ? 1 : 10);
        return 1;
    }

    struct closer {
        void operator()(sqlite3* db) const noexcept {
            // The last one to close removes the log by its path, which may be another file's now.
            int keeps_log = 1;
            if (has_moved(db))
                sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps_log);
            sqlite3_close_v2(db);
        }
    };

    std::string file_;
    std::chrono::milliseconds busy_timeout_;
    std::chrono::steady_clock::time_point waits_since_{};
    const std::atomic<bool>* give_up_ = nullptr;
    int wal_pages_ = 0;
    bool is_hasty_ = false;
    std::unique_ptr<sqlite3, closer> db_;
};

/// A compiled statement of a connection, which it must not outlive.
class sqlite_statement {
public:
    sqlite_statement(const sqlite_connection& db, const std::string& sql) {
        sqlite3_stmt* compiled = nullptr;
        if (sqlite3_prepare_v2(db.get(), sql.c_str(), -1, &compiled, nullptr) != SQLITE_OK) {
            db.fail();
        }
        statement_.reset(compiled);
    }

    [[nodiscard]] sqlite3_stmt* get() const noexcept { return statement_.get(); }

    /// SQLITE_ROW, SQLITE_DONE or an error.
    [[nodiscard]] int step() noexcept { return sqlite3_step(get()); }
    void reset() noexcept { sqlite3_reset(get()); }

    /// The text of a column of the row that `step` came to, until the next step.
    [[nodiscard]] std::string_view text(int column) const noexcept {
        const unsigned char* const bytes = sqlite3_column_text(get(), column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(get(), column));
        return {reinterpret_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

}  // namespace millrace::detail
