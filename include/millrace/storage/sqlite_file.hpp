#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/sqlite_connection.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>

namespace millrace::detail {

/// Write-ahead logging, so that readers and the writer do not wait for each other. Another
/// connection's lock fails the change at once, in spite of the busy handler.
void use_wal(sqlite_connection& db, std::chrono::milliseconds busy_timeout,
             const std::atomic<bool>& give_up);

void limit_size(sqlite_connection& db, std::uint64_t max_bytes);

/// Whether the table is there.
/// @throws std::system_error when the name is another's.
bool find_table(sqlite_connection& db, const std::string& table);

/// Makes the file's table fit the layout: creates it, or adds the columns that it lacks.
/// @throws std::system_error with errc::storage_schema, naming the column that does not fit.
void fit_table(sqlite_connection& db, const sqlite_layout& layout);

/// Opens the file for the writer. @throws std::system_error
std::unique_ptr<sqlite_connection> open_for_writing(const sqlite_options& options,
                                                    const sqlite_layout& layout,
                                                    const std::atomic<bool>& give_up,
                                                    bool may_create = true);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_file.ipp>
#endif
