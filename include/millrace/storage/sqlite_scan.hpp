#pragma once

#include <memory>
#include <string>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_layout.hpp>

namespace millrace::detail {

/// What rows come in the order of, of one key or all: names as SQL.
[[nodiscard]] std::vector<std::string> scan_order(const sqlite_layout& of, bool by_key);

[[nodiscard]] std::string comma_separated(const std::vector<std::string>& parts,
                                          const std::string& suffix = "");

/// The number of the parameter that is the first of a place, behind those of the key.
[[nodiscard]] std::size_t first_place_parameter(const sqlite_layout& of);

/// The place of the row that is the ?3th before the newest, of those from ?1 until before ?2 and,
/// where `by_key`, of the key ?4, ...
[[nodiscard]] std::string place_sql(const sqlite_layout& of, bool by_key);

/// The same rows, oldest first, at most ?3 of them: the columns, and the place of each row. Where
/// `is_behind`, only those behind the place ?5, ... (a seek in the index, however far in it is).
[[nodiscard]] std::string page_sql(const sqlite_layout& of, bool by_key, bool is_behind);

/// The place of a row among the others.
class sqlite_place {
public:
    /// The last columns of the row that `from` came to.
    void take(const sqlite_statement& from, int first_column);

    /// SQLite's result code.
    [[nodiscard]] int bind(sqlite_statement& to, std::size_t first) const;

    [[nodiscard]] bool is_empty() const noexcept { return values_.empty(); }

private:
    struct deleter {
        void operator()(sqlite3_value* value) const noexcept { sqlite3_value_free(value); }
    };
    std::vector<std::unique_ptr<sqlite3_value, deleter>> values_;
};

/// The statements of a scan.
struct sqlite_scan {
    sqlite_statement place, first_page, next_page;

    sqlite_scan(const sqlite_connection& db, const sqlite_layout& of, bool by_key);
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_scan.ipp>
#endif
