#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include <sqlite3.h>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>

namespace millrace::detail {

/// The mutex of a file, the same for all who write to it in this process. SQLite before 3.51.3
/// loses committed rows where one connection begins its log anew while another moves pages from it
/// (https://www.sqlite.org/wal.html, "the WAL-reset bug").
[[nodiscard]] std::shared_ptr<std::mutex> writers_mutex(const std::string& file);

/// Waits for the mutex, but no longer than `timeout`, or than `give_up` is not set.
/// @throws std::system_error with errc::storage_locked
[[nodiscard]] std::unique_lock<std::mutex> take_turn(std::mutex& writers,
                                                     std::chrono::milliseconds timeout,
                                                     const std::atomic<bool>& give_up);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_turn.ipp>
#endif
