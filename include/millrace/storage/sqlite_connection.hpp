#pragma once

#include <atomic>
#include <chrono>
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
    /// @throws std::system_error with SQLite's own text, as do `execute` and `sqlite_statement`.
    sqlite_connection(const std::string& file, std::chrono::milliseconds busy_timeout)
        : file_{file}, busy_timeout_{busy_timeout} {
        sqlite3* opened = nullptr;
        const int result = sqlite3_open_v2(
            file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
            nullptr);
        db_.reset(opened);
        if (opened == nullptr) throw std::bad_alloc{};
        if (result != SQLITE_OK) fail();
        sqlite3_busy_handler(opened, &sqlite_connection::is_to_wait, this);
    }

    sqlite_connection(const sqlite_connection&) = delete;
    sqlite_connection& operator=(const sqlite_connection&) = delete;

    [[nodiscard]] sqlite3* get() const noexcept { return db_.get(); }

    [[nodiscard]] std::error_code error() const noexcept { return sqlite_error(get()); }

    [[noreturn]] void fail() const { fail(error(), sqlite3_errmsg(get())); }
    [[noreturn]] void fail(std::error_code code, const std::string& what) const {
        throw std::system_error{code, file_ + ": " + what};
    }

    /// Ends a wait for another's lock before its time, once `flag` is set.
    void give_up_on(const std::atomic<bool>& flag) noexcept { give_up_ = &flag; }

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

private:
    static int is_to_wait(void* self, int waits) {
        auto& db = *static_cast<sqlite_connection*>(self);
        const auto now = std::chrono::steady_clock::now();
        if (waits == 0) db.waits_since_ = now;
        if (now - db.waits_since_ >= db.busy_timeout_) return 0;
        if (db.give_up_ != nullptr && *db.give_up_) return 0;
        sqlite3_sleep(waits < 10 ? 1 : 10);
        return 1;
    }

    struct closer {
        void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
    };

    std::string file_;
    std::chrono::milliseconds busy_timeout_;
    std::chrono::steady_clock::time_point waits_since_{};
    const std::atomic<bool>* give_up_ = nullptr;
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
