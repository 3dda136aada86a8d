#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/row.hpp>
#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_connection.hpp>

namespace millrace::detail {

/// The table of one topic.
///
/// Rows of windows are unique by key and start, those of windows by count by their number as well.
/// What was published for single events has no window: such rows are numbered by the column
/// `ordinal` among those of their key and time, from 1; a window has the ordinal 0. A record that
/// is not windowed is just appended.
struct sqlite_layout {
    std::string table;
    std::vector<sqlite_column> columns;
    std::string time{}, number{}, trigger{};  ///< columns of that role; empty without
    std::vector<std::string> keys{};          ///< the columns of the key, or of its parts
    std::string ordinal{};  ///< empty where the record has no window, no trigger or a number
    bool is_windowed = false;

    template <class Record>
    static sqlite_layout of(std::string_view table, std::string_view key_name) {
        sqlite_layout out{.table = std::string{table},
                          .columns = sqlite_columns<Record>(key_name),
                          .is_windowed = detail::is_windowed<Record>};
        const auto name_at = [&](std::size_t index) {
            return index < out.columns.size() ? out.columns[index].name : std::string{};
        };
        std::size_t at = 0;
        schema<Record>.for_each([&](const auto& each) {
            const bool is_key = std::remove_cvref_t<decltype(each)>::role == field_role::key;
            if (is_key) out.keys.push_back(out.columns[at].name);
            ++at;
        });
        out.time = name_at(time_index<Record>());
        out.trigger = name_at(trigger_index<Record>());
        out.number = name_at(role_index<Record, field_role::window_number>());
        if (out.is_windowed && !out.trigger.empty() && out.number.empty()) {
            out.ordinal = "ordinal";
            while (has_column(out.columns, out.ordinal)) out.ordinal += '_';
        }
        return out;
    }

    [[nodiscard]] std::vector<std::string> primary_key() const;

    [[nodiscard]] bool is_key(const std::string& column) const;

    /// The parameter of `insert` that has the value of a column.
    [[nodiscard]] std::string parameter_of(std::string_view column) const;
};

/// Names as SQL, with commas in between and `suffix` after each.
[[nodiscard]] std::string listed(const std::vector<std::string>& names,
                                 std::string_view suffix = "");

[[nodiscard]] std::string create_table_sql(const sqlite_layout& of);

/// The indexes that make scans of a span of time, and of one key, need no sorting.
[[nodiscard]] std::vector<std::string> create_index_sql(const sqlite_layout& of);

/// Takes the columns as ?1, ?2, ...
[[nodiscard]] std::string insert_sql(const sqlite_layout& of);

/// Takes the columns as `insert_sql` does; removes the row of that key and window.
[[nodiscard]] std::string delete_sql(const sqlite_layout& of);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_layout.ipp>
#endif
