#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <millrace/storage/background_writer.hpp>
#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_file.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>
#include <millrace/storage/sqlite_turn.hpp>
#include <millrace/storage/sqlite_watch.hpp>

namespace millrace::detail {

/// Writes batches of rows to a table, one transaction each.
template <class Record>
class sqlite_sink {
public:
    /// @throws std::system_error when the file cannot be opened or its table does not fit.
    sqlite_sink(sqlite_options options, sqlite_layout layout)
        : options_{std::move(options)},
          layout_{std::move(layout)},
          writers_{writers_mutex(options_.file)} {
        static constexpr std::atomic<bool> never = false;
        const auto turn = take_turn(*writers_, options_.busy_timeout, never);
        open(never);
    }

    write_result operator()(std::span<const Record> rows, const std::atomic<bool>& give_up) {
        return contain([&] {
            const auto turn = take_turn(*writers_, options_.busy_timeout, give_up);
            if (!db_) open(give_up);
            db_->give_up_on(give_up);
            return write(rows);
        });
    }

    /// Sees that the file is still there, and keeps its log short.
    write_result upkeep(const std::atomic<bool>& give_up) {
        if (std::exchange(has_lost_log_, false)) return {.error = errc::storage_removed};
        return contain([&]() -> write_result {
            const auto turn = take_turn(*writers_, options_.busy_timeout, give_up);
            if (!db_) open(give_up);
            require_place();
            return shorten_log();
        });
    }

private:
    using place = sqlite_watch::state;

    /// So many pages in the log are worth moving: fewer, and pages that change often are moved
    /// again and again.
    static constexpr int pages_to_move = 4096;

    void open(const std::atomic<bool>& give_up) {
        const bool must_be_old = file_ && options_.on_removal == when_removed::fail;
        if (must_be_old && file_id::of(options_.file) != file_) fail_removed();
        auto db = open_for_writing(options_, layout_, give_up, !must_be_old);
        insert_ = std::make_unique<sqlite_statement>(*db, insert_sql(layout_));
        if (layout_.is_windowed)
            delete_ = std::make_unique<sqlite_statement>(*db, delete_sql(layout_));
        db_ = std::move(db);
        watch_.emplace(*db_);
        file_ = watch_->file();
    }

    void close() noexcept {
        insert_.reset();
        delete_.reset();
        db_.reset();
        watch_.reset();
    }

    template <class Function>
    write_result contain(Function&& attempt) {
        write_result result;
        try {
            result = attempt();
        } catch (const std::system_error& failure) {
            result.error = failure.code();
            result.text = failure.what();
        } catch (const std::exception& failure) {
            result.error = errc::storage_failed;
            result.text = failure.what();
        }
        // Who tells of it has named the file.
        if (const auto file = options_.file + ": "; result.text.starts_with(file))
            result.text.erase(0, file.size());
        if (!result.error || !db_) return result;
        db_->rollback();
        const bool is_passing =
            result.error == errc::storage_full || result.error == errc::storage_locked;
        if (is_passing) return result;
        if (result.error != errc::storage_removed) {
            close();  // the table may have been dropped
        } else if (has_lost_file() && options_.on_removal == when_removed::recreate) {
            watch_->remove_leftovers();
            close();
        }
        return result;
    }

    [[noreturn]] void fail_removed(const char* suffix = "") const {
        throw std::system_error{errc::storage_removed, options_.file + suffix};
    }

    [[nodiscard]] bool has_lost_file() const noexcept {
        return watch_->look(*db_) == place::file_removed;
    }

    /// What is in a removed log can still be moved to the file. The next one to write opens anew.
    void rescue_log() {
        if (!db_->checkpoint(SQLITE_CHECKPOINT_TRUNCATE)) fail_removed("-wal");
        close();
    }

    void require_place() {
        const place now = watch_->look(*db_);
        if (now == place::in_place) return;
        if (now == place::file_removed) fail_removed();
        rescue_log();
        fail_removed("-wal");
    }

    write_result write(std::span<const Record> rows) {
        write_result result;
        require_place();
        db_->execute("BEGIN IMMEDIATE");
        for (const Record& row : rows) {
            sqlite_statement& put = delete_ && is_removal(row) ? *delete_ : *insert_;
            int code = bind_row(put, row);
            if (code == SQLITE_OK) code = put.step();
            const std::error_code error = db_->error();
            if (code != SQLITE_DONE) result.text = db_->text();
            put.reset();
            if (code == SQLITE_DONE) continue;
            if (!is_refusal(code)) return {.error = error, .text = std::move(result.text)};
            ++result.refused;
            result.refusal = error;
        }
        if (has_lost_file()) fail_removed();  // rolled back, it cannot be there twice
        db_->execute("COMMIT");
        const place now = watch_->look(*db_);
        if (now == place::file_removed) fail_removed();
        if (now == place::log_removed) {
            rescue_log();
            has_lost_log_ = true;
        }
        return result;
    }

    write_result shorten_log() {
        const bool is_too_long = wal_bytes(options_.file) > options_.max_wal_bytes;
        if (!is_too_long && db_->wal_pages() < pages_to_move) return {};
        db_->checkpoint(is_too_long ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
        const std::error_code error = db_->error();
        if (!error || error == errc::storage_locked) return {};
        return {.error = error, .text = db_->text()};
    }

    /// The row will never fit; the rest of its batch is not to suffer.
    [[nodiscard]] static bool is_refusal(int code) noexcept {
        const int primary = code & 0xff;
        return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG ||
               primary == SQLITE_MISMATCH;
    }

    sqlite_options options_;
    sqlite_layout layout_;
    std::shared_ptr<std::mutex> writers_;
    std::unique_ptr<sqlite_connection> db_;
    std::unique_ptr<sqlite_statement> insert_;  // after db_: ends before it
    std::unique_ptr<sqlite_statement> delete_;
    std::optional<sqlite_watch> watch_;
    std::optional<file_id> file_;  ///< the one that was open last
    bool has_lost_log_ = false;
};

}  // namespace millrace::detail
