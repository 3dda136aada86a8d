#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/log.hpp>
#include <millrace/storage/background_writer.hpp>
#include <millrace/storage/job_thread.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>
#include <millrace/storage/sqlite_reader.hpp>
#include <millrace/storage/sqlite_sink.hpp>
#include <millrace/storage/sqlite_watch.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

/// The Storage in an SQLite file: one table a topic, one column a field, so that
/// `select start, mean from hourly where sensor = 'speed_6005'` works in any SQLite program.
///
/// Columns: numbers and bool INTEGER or REAL, text TEXT, enumerations TEXT by name, timestamps
/// INTEGER nanoseconds since 1970; unsigned 64-bit integers above 2^63 - 1 read as negative in SQL
/// and come back whole. NaN and an empty optional are NULL; -0.0 comes back as 0.0. The key's
/// column is called `key_name`; a key of several parts has a column for each. Of names that differ
/// in case alone, which are one to SQLite, the second is called `b_2`, and so on, in the order of
/// the fields. A column that the table lacks is added to it and is NULL in older rows, which read
/// as NaN, 0 or empty text.
///
/// Rows of windows are unique by key and start, of windows by count by key, start and number: a
/// correction replaces, and so does the same window after a restart. Rows fired by `trigger::event`
/// are all kept, told apart by the column `ordinal`.
///
/// `append` copies into a bounded queue; a thread of its own writes batches, a transaction each. A
/// batch that fails (full disk, lock, I/O) is rolled back, kept and tried again until it succeeds;
/// meanwhile the queue fills, and `on_full` decides. `stats` counts all of it, and a log is told.
/// A single row that the table refuses is dropped and counted. A file that is removed or replaced
/// while it is open is noticed: see `when_removed`. Committed rows survive the end of the process,
/// whatever ends it; see `sync_every_commit` for a loss of power. Rows in the queue do not: at most
/// `batch_interval` and the time of a transaction old, unless writing fails.
///
/// Every member but construction and destruction may be called from any thread.
/// Memory: `batch_rows` records, up to `queue_rows` more, as many as ever waited at once, and up to
/// 16 MiB of SQLite's page cache. Disk: beside the file a write-ahead log of usually up to 16 MiB,
/// more only while someone reads for long: see `max_wal_bytes`.
template <class Record>
class sqlite_storage {
public:
    using options = sqlite_options;

    /// @throws std::system_error when the file cannot be opened, or with errc::storage_schema when
    /// its table does not fit the record, naming the column;
    /// std::invalid_argument for settings that cannot be.
    sqlite_storage(options settings, std::string_view topic, std::string_view key_name)
        : settings_{checked(std::move(settings))},
          layout_{detail::sqlite_layout::of<Record>(
              settings_.table.empty() ? topic : settings_.table, key_name)},
          writer_{writer_options_of(settings_, layout_.table),
                  detail::sqlite_sink<Record>{settings_, layout_}},
          reader_{settings_, layout_},
          scans_{settings_.max_waiting_scans} {}

    sqlite_storage(const sqlite_storage&) = delete;
    sqlite_storage& operator=(const sqlite_storage&) = delete;

    /// Writes what waits, for at most about `close_timeout`, so `flush` first where a row matters.
    ~sqlite_storage() {
        scans_.cancel();
        writer_.close();
    }

    /// Takes a copy. errc::storage_queue_full when the queue was full and a row was dropped, this
    /// or an older one.
    std::error_code append(const Record& row) { return writer_.append(row); }

    /// False while three quarters of the queue wait and writing does not fail.
    [[nodiscard]] bool has_room() const { return writer_.has_room(); }

    /// Calls `f(const Record&)` for each match, oldest first, once all rows appended before are
    /// written. Where they cannot be within `scan_timeout`, or writing is failing, it gives what is
    /// there and the error.
    template <class F>
    std::error_code scan(const storage_query& query, F&& f) {
        std::vector<Record> rows;
        const std::error_code error = read(query, rows);
        for (const Record& row : rows) f(row);
        return error;
    }

    /// Like `scan`, on a thread of the storage, where it calls
    /// `done(std::error_code, std::vector<Record>&&)`, once. What `done` throws is counted as an
    /// error. Gives errc::try_again_later at once, on the caller's thread, when `max_waiting_scans`
    /// wait, and std::errc::operation_canceled when the storage ends first.
    template <class F>
    void async_scan(storage_query query, F done) {
        auto shared = std::make_shared<F>(std::move(done));
        const bool is_taken = scans_.post([this, query = std::move(query), shared](bool cancelled) {
            if (cancelled)
                return give(*shared, std::make_error_code(std::errc::operation_canceled));
            std::vector<Record> rows;
            const std::error_code error = read(query, rows);
            give(*shared, error, std::move(rows));
        });
        if (!is_taken) give(*shared, errc::try_again_later);
    }

    /// Waits until all rows appended before are committed. When an attempt to write fails
    /// meanwhile, gives its error; the rows stay and are tried again.
    std::error_code flush() { return writer_.flush(); }

    [[nodiscard]] storage_stats stats() const {
        storage_stats now = writer_.stats();
        now.wal_bytes = detail::wal_bytes(settings_.file);
        return now;
    }

    /// Tells `log` of failures and recoveries, where the settings have no log of their own.
    void log_to(const log_hook& log) { writer_.log_to(log); }

private:
    static_assert((detail::require_row<Record>(), true));

    static options checked(options settings) {
        detail::require_option(!settings.file.empty() && settings.file != ":memory:",
                               "needs a file; memory_storage keeps records in memory",
                               "sqlite_storage");
        using std::chrono::milliseconds;
        constexpr milliseconds none{0};
        const auto require_time = [](std::string_view name, milliseconds time,
                                     milliseconds least = milliseconds{1}) {
            detail::require_time(name, time, least, "sqlite_storage");
        };
        require_time("append_timeout", settings.append_timeout, none);
        require_time("batch_interval", settings.batch_interval, none);
        require_time("busy_timeout", settings.busy_timeout, none);
        require_time("retry_interval", settings.retry_interval);
        require_time("max_retry_interval", settings.max_retry_interval);
        require_time("scan_timeout", settings.scan_timeout, none);
        require_time("close_timeout", settings.close_timeout, none);
        return settings;
    }

    static detail::writer_options writer_options_of(const options& from, const std::string& table) {
        return {.name = "storage " + table + " in " + from.file,
                .queue_rows = from.queue_rows,
                .batch_rows = from.batch_rows,
                .batch_interval = from.batch_interval,
                .on_full = from.on_full,
                .append_timeout = from.append_timeout,
                .retry_interval = from.retry_interval,
                .max_retry_interval = from.max_retry_interval,
                .close_timeout = from.close_timeout,
                .log = from.log};
    }

    std::error_code read(const storage_query& query, std::vector<Record>& rows) {
        const std::error_code written = writer_.settle(settings_.scan_timeout);
        const std::error_code error = reader_.read(query, rows);
        return error ? error : written;
    }

    template <class F>
    void give(F& done, std::error_code error, std::vector<Record> rows = {}) {
        try {
            done(error, std::move(rows));
        } catch (...) {
            writer_.count_error(errc::handler_failed);
        }
    }

    options settings_;
    detail::sqlite_layout layout_;
    detail::background_writer<Record, detail::sqlite_sink<Record>> writer_;
    detail::sqlite_reader<Record> reader_;
    detail::job_thread scans_;  // last: ends before what its jobs use
};

}  // namespace millrace
