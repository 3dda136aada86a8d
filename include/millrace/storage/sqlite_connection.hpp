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

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>

namespace millrace::detail {

/// What kind of error the latest call on the connection ended with.
[[nodiscard]] std::error_code sqlite_error(sqlite3* db) noexcept;

/// An SQL identifier that means `name`, whatever characters it is made of.
/// @throws std::system_error for an empty name or one with a NUL byte.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// An open database file; for one thread at a time.
class sqlite_connection {
public:
    /// @param may_create whether a file that is missing is made
    /// @throws std::system_error with SQLite's own text, as do `execute` and `sqlite_statement`.
    sqlite_connection(const std::string& file, std::chrono::milliseconds busy_timeout,
                      bool may_create = true);

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
    bool checkpoint(int mode) noexcept;

private:
    [[noreturn]] void fail_to_open() const;

    static bool has_moved(sqlite3* db) noexcept;

    static int note_wal(void* self, sqlite3*, const char*, int pages);

    static int is_to_wait(void* self, int waits);

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
    sqlite_statement(const sqlite_connection& db, const std::string& sql);

    [[nodiscard]] sqlite3_stmt* get() const noexcept { return statement_.get(); }

    /// SQLITE_ROW, SQLITE_DONE or an error.
    [[nodiscard]] int step() noexcept { return sqlite3_step(get()); }
    void reset() noexcept { sqlite3_reset(get()); }

    /// The text of a column of the row that `step` came to, until the next step.
    [[nodiscard]] std::string_view text(int column) const noexcept;

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_connection.ipp>
#endif
