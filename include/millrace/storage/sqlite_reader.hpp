#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_layout.hpp>
#include <millrace/storage/sqlite_options.hpp>
#include <millrace/storage/sqlite_scan.hpp>
#include <millrace/storage/sqlite_watch.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace::detail {

/// Reads a table on a connection of its own, which it opens when first asked. Thread-safe; one
/// query at a time. No transaction is longer than a page of rows, so that the write-ahead log can
/// be cut between them: what is written meanwhile may be among the rows.
template <class Record>
class sqlite_reader {
public:
    static constexpr std::size_t page_rows = 1024;

    sqlite_reader(sqlite_options options, sqlite_layout layout)
        : options_{std::move(options)}, layout_{std::move(layout)} {}

    /// Appends the matches to `rows`, oldest first.
    std::error_code read(const storage_query& query, std::vector<Record>& rows) {
        sqlite_place place;
        bool is_begun = false;
        for (std::size_t left = query.limit; left > 0;) {
            const std::size_t before = rows.size(), wanted = std::min(left, page_rows);
            const auto error = contain(
                [&](const auto& key, sqlite_scan& scan) {
                    if (!std::exchange(is_begun, true)) find_first(query, key, scan, place);
                    read_page(query, key, scan, wanted, place, rows);
                },
                query);
            const std::size_t got = rows.size() - before;
            if (error || got < wanted) return error;
            left -= got;
        }
        return {};
    }

private:
    struct file {
        sqlite_connection db;
        sqlite_scan all;
        std::optional<sqlite_scan> of_key;
        std::optional<sqlite_watch> watch;

        file(const sqlite_options& options, const sqlite_layout& layout)
            : db{options.file, options.busy_timeout, false}, all{db, layout, false} {
            if (!layout.keys.empty()) of_key.emplace(db, layout, true);
            db.execute("PRAGMA query_only = 1");
            watch.emplace(db);
        }
    };

    /// Calls `f(key, scan)`, unless no row can have the key.
    template <class Function>
    std::error_code contain(Function&& f, const storage_query& query) {
        const auto key = key_from<row_key<Record>>(query.key.value_or(""));
        if (query.key && !key) return {};
        const std::lock_guard lock{mutex_};
        try {
            if (file_ && !is_in_place()) return errc::storage_removed;
            if (!file_) file_ = std::make_unique<file>(options_, layout_);
            f(key, query.key ? *file_->of_key : file_->all);
            return {};
        } catch (const std::system_error& failure) {
            file_.reset();
            return failure.code();
        } catch (const std::exception&) {  // no memory for the rows: the thread must go on
            file_.reset();
            return errc::storage_failed;
        }
    }

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
    void bind(sqlite_statement& to, const storage_query& query, const Key& key, std::size_t rows) {
        const auto limit = std::min<std::uint64_t>(rows, INT64_MAX);
        int code = bind_value(to, 1, query.from);
        if (code == SQLITE_OK) code = bind_value(to, 2, query.to);
        if (code == SQLITE_OK) code = bind_value(to, 3, limit);
        if constexpr (has_key_parts<Record>) {
            if (!query.key) return require(code);
            int parameter = 4;
            std::apply(
                [&](const auto&... each) {
                    ((code = code == SQLITE_OK ? bind_value(to, parameter++, each) : code), ...);
                },
                key->parts);
        } else if constexpr (has_role<Record, field_role::key>) {
            if (code == SQLITE_OK && query.key) code = bind_value(to, 4, *key);
        }
        require(code);
    }
    void require(int code) {
        if (code != SQLITE_OK) file_->db.fail();
    }

    /// The place of the newest row that is too old; none if all are wanted.
    template <class Key>
    void find_first(const storage_query& query, const Key& key, sqlite_scan& scan,
                    sqlite_place& place) {
        if (query.limit >= INT64_MAX) return;
        bind(scan.place, query, key, query.limit);
        step_through(scan.place, [&] { place.take(scan.place, 0); });
    }

    template <class Key>
    void read_page(const storage_query& query, const Key& key, sqlite_scan& scan,
                   std::size_t wanted, sqlite_place& place, std::vector<Record>& rows) {
        sqlite_statement& select = place.is_empty() ? scan.first_page : scan.next_page;
        bind(select, query, key, wanted);
        if (place.bind(select, first_place_parameter(layout_)) != SQLITE_OK) file_->db.fail();
        std::size_t got = 0;
        step_through(select, [&] {
            read_row(select, rows.emplace_back());
            if (++got == wanted) place.take(select, static_cast<int>(layout_.columns.size()));
        });
    }

    template <class Function>
    void step_through(sqlite_statement& select, Function&& on_row) {
        int code = select.step();
        for (; code == SQLITE_ROW; code = select.step()) on_row();
        if (code != SQLITE_DONE) file_->db.fail();  // which ends the statement, too
        select.reset();
    }

    sqlite_options options_;
    sqlite_layout layout_;
    std::mutex mutex_;
    std::unique_ptr<file> file_;
};

}  // namespace millrace::detail
