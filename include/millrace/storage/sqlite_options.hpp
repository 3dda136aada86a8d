#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <millrace/core/log.hpp>
#include <millrace/storage/writer_options.hpp>

namespace millrace {

/// What a storage does when its file is removed, moved or replaced while it is open. That is
/// noticed before and behind each commit, and within about a second without one; it is logged and
/// counted (`storage_stats::removals`). Rows that were not durable by then are kept and written to
/// the file that comes; what was committed earlier went with the old one.
enum class when_removed {
    recreate,  ///< uses the file that is there now, or creates one
    fail,      ///< fails with errc::storage_removed until the old file is back in its place
};

/// The settings of `sqlite_storage`. No time may be longer than a hundred years.
struct sqlite_options {
    std::string file{};   ///< created where it is missing; several storages may share one
    std::string table{};  ///< the topic where empty
    /// The size limit of the file, without its write-ahead log; 0 for none. A larger file stays as
    /// it is and does not grow.
    std::uint64_t max_bytes = 0;
    /// A write-ahead log that grew beyond this, behind someone who reads for long, is cut to
    /// nothing as soon as nobody reads. Until then it grows: see `storage_stats::wal_bytes`.
    std::uint64_t max_wal_bytes = 64 * 1024 * 1024;
    when_removed on_removal = when_removed::recreate;
    /// What was committed survives the end of the process in any case. With this it survives a loss
    /// of power, too; without, that may cost the last commits, never the file.
    bool sync_every_commit = false;

    std::size_t queue_rows = 65536;                  ///< rows that wait for the writer, at most
    when_full on_full = when_full::drop_oldest;      ///< what happens to one more
    std::chrono::milliseconds append_timeout{5000};  ///< the longest wait of `when_full::block`

    std::size_t batch_rows = 4096;                  ///< rows in one transaction, at most
    std::chrono::milliseconds batch_interval{100};  ///< a row waits so long for company
    std::chrono::milliseconds busy_timeout{5000};   ///< a wait for another's lock, before an error
    std::chrono::milliseconds retry_interval{100};  ///< after an error; doubles with each
    std::chrono::milliseconds max_retry_interval{5000};

    std::chrono::milliseconds scan_timeout{5000};   ///< a scan waits so long for rows to be written
    std::size_t max_waiting_scans = 64;             ///< of `async_scan`
    std::chrono::milliseconds close_timeout{5000};  ///< the destructor waits so long for the file

    /// Gets failures and recoveries, once each change of state, from any thread; where it is empty,
    /// an endpoint's own log does.
    log_hook log{};

    template <class To>
    void describe(To& to) const {
        to.tunable("file", file);
        to.tunable("table", table, std::string{});
    }
};

}  // namespace millrace
