#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>
#include <millrace/storage/sqlite_watch.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace::detail {

/// Reads a table on a connection of its own, which it opens when first asked. Thread-safe; one
/// query at a time.
template <class Record>
class sqlite_reader {
public:
    sqlite_reader(sqlite_options options, sqlite_layout layout)
        : options_{std::move(options)}, layout_{std::move(layout)} {}

    /// Appends the matches to `rows`, oldest first.
    std::error_code read(const storage_query& query, std::vector<Record>& rows) {
        const auto key = key_from<row_key<Record>>(query.key.value_or(""));
        if (query.key && !key) return {};
        const std::lock_guard lock{mutex_};
        try {
            if (file_ && !is_in_place()) return errc::storage_removed;
            if (!file_) file_ = std::make_unique<file>(options_, layout_);
            return run(query, key, rows);
        } catch (const std::system_error& failure) {
            file_.reset();
            return failure.code();
        }
    }

private:
    struct file {
        sqlite_connection db;
        sqlite_statement all, of_key;
        std::optional<sqlite_watch> watch;

        file(const sqlite_options& options, const sqlite_layout& layout)
            : db{options.file, options.busy_timeout, false},
              all{db, scan_sql(layout, false)},
              of_key{db, layout.key.empty() ? std::string{"SELECT 1"} : scan_sql(layout, true)} {
            db.execute("PRAGMA query_only = 1");
            watch.emplace(db);
        }
    };

    /// Closes what is to be opened anew. False where the old file is to come back.
    bool is_in_place() {
        const auto now = file_->watch->look(file_->db);
        if (now == sqlite_watch::state::in_place) return true;
        if (now == sqlite_watch::state::file_removed) {
            if (options_.on_removal == when_removed::fail) return false;
            file_->watch->remove_leftovers();
        }
        file_.reset();
        return true;
    }

    template <class Key>
    std::error_code run(const storage_query& query, const Key& key, std::vector<Record>& rows) {
        sqlite_statement& select = query.key ? file_->of_key : file_->all;
        const auto limit = std::min<std::uint64_t>(query.limit, INT64_MAX);
        int code = bind_value(select, 1, query.from);
        if (code == SQLITE_OK) code = bind_value(select, 2, query.to);
        if (code == SQLITE_OK) code = bind_value(select, 3, limit);
        if constexpr (has_role<Record, field_role::key>) {
            if (code == SQLITE_OK && query.key) code = bind_value(select, 4, *key);
        }
        const std::size_t first = rows.size();
        if (code == SQLITE_OK) {
            for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
                read_row(select, rows.emplace_back());
            }
        }
        const std::error_code error = file_->db.error();
        select.reset();
        std::reverse(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end());
        if (code == SQLITE_DONE) return {};
        file_.reset();
        return error;
    }

    sqlite_options options_;
    sqlite_layout layout_;
    std::mutex mutex_;
    std::unique_ptr<file> file_;
};

}  // namespace millrace::detail
