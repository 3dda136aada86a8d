#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include <millrace/storage/background_writer.hpp>
#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_file.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>

namespace millrace::detail {

/// Writes batches of rows to a table, one transaction each.
template <class Record>
class sqlite_sink {
public:
    /// @throws std::system_error when the file cannot be opened or its table does not fit.
    sqlite_sink(sqlite_options options, sqlite_layout layout)
        : options_{std::move(options)}, layout_{std::move(layout)} {
        static constexpr std::atomic<bool> never = false;
        open(never);
    }

    write_result operator()(std::span<const Record> rows, const std::atomic<bool>& give_up) {
        write_result result;
        try {
            if (!db_) open(give_up);
            db_->give_up_on(give_up);
            result = write(rows);
        } catch (const std::system_error& failure) {
            result.error = failure.code();
        } catch (const std::exception&) {
            result.error = errc::storage_failed;
        }
        if (result.error && db_) {
            db_->rollback();
            const bool may_pass =
                result.error == errc::storage_full || result.error == errc::storage_locked;
            if (!may_pass) close();  // the file may have been moved, or its table dropped
        }
        return result;
    }

private:
    void open(const std::atomic<bool>& give_up) {
        auto db = open_for_writing(options_, layout_, give_up);
        insert_ = std::make_unique<sqlite_statement>(*db, insert_sql(layout_));
        db_ = std::move(db);
    }

    void close() noexcept {
        insert_.reset();
        db_.reset();
    }

    write_result write(std::span<const Record> rows) {
        write_result result;
        db_->execute("BEGIN IMMEDIATE");
        for (const Record& row : rows) {
            int code = bind_row(*insert_, row);
            if (code == SQLITE_OK) code = insert_->step();
            const std::error_code error = db_->error();
            insert_->reset();
            if (code == SQLITE_DONE) continue;
            if (!is_refusal(code)) return {.error = error};
            ++result.refused;
            result.refusal = error;
        }
        db_->execute("COMMIT");
        return result;
    }

    /// The row will never fit; the rest of its batch is not to suffer.
    [[nodiscard]] static bool is_refusal(int code) noexcept {
        const int primary = code & 0xff;
        return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG ||
               primary == SQLITE_MISMATCH;
    }

    sqlite_options options_;
    sqlite_layout layout_;
    std::unique_ptr<sqlite_connection> db_;
    std::unique_ptr<sqlite_statement> insert_;  // after db_: ends before it
};

}  // namespace millrace::detail
