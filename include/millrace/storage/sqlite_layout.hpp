#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/storage/row.hpp>
#include <millrace/storage/sqlite_columns.hpp>
#include <millrace/storage/sqlite_connection.hpp>

namespace millrace::detail {

/// The table of one topic.
///
/// Rows of windows are unique by key and start. What was published for single events has no window:
/// such rows are numbered by the column `ordinal` among those of their key and time, from 1;
/// a window has the ordinal 0. A record that is not windowed is just appended.
struct sqlite_layout {
    std::string table;
    std::vector<sqlite_column> columns;
    std::string key{}, time{}, trigger{};  ///< columns of that role; empty without
    std::string ordinal{};                 ///< empty where the record has no window or no trigger
    bool is_windowed = false;

    template <class Record>
    static sqlite_layout of(std::string_view table, std::string_view key_name) {
        sqlite_layout out{.table = std::string{table},
                          .columns = sqlite_columns<Record>(key_name),
                          .is_windowed = detail::is_windowed<Record>};
        const auto name_at = [&](std::size_t index) {
            return index < out.columns.size() ? out.columns[index].name : std::string{};
        };
        out.key = name_at(role_index<Record, field_role::key>());
        out.time = name_at(time_index<Record>());
        out.trigger = name_at(trigger_index<Record>());
        if (out.is_windowed && !out.trigger.empty()) {
            out.ordinal = "ordinal";
            while (has_column(out.columns, out.ordinal)) out.ordinal += '_';
        }
        return out;
    }

    [[nodiscard]] std::vector<std::string> primary_key() const {
        std::vector<std::string> names;
        if (!is_windowed) return names;
        for (const auto* each : {&key, &time, &ordinal}) {
            if (!each->empty()) names.push_back(*each);
        }
        return names;
    }

    /// The parameter of `insert` that has the value of a column.
    [[nodiscard]] std::string parameter_of(std::string_view column) const {
        std::size_t number = 1;
        while (columns[number - 1].name != column) ++number;
        return "?" + std::to_string(number);
    }
};

/// Names as SQL, with commas in between and `suffix` after each.
[[nodiscard]] inline std::string listed(const std::vector<std::string>& names,
                                        std::string_view suffix = "") {
    std::string out;
    for (const auto& each : names) {
        if (!out.empty()) out += ", ";
        out.append(quoted_name(each)).append(suffix);
    }
    return out;
}

[[nodiscard]] inline std::string create_table_sql(const sqlite_layout& of) {
    std::string out = "CREATE TABLE " + quoted_name(of.table) + " (";
    for (const auto& each : of.columns) {
        out.append(quoted_name(each.name)).append(" ").append(each.type).append(", ");
    }
    if (!of.ordinal.empty()) out += quoted_name(of.ordinal) + " INTEGER, ";
    if (!of.is_windowed) return out.erase(out.size() - 2) + ")";
    return out + "PRIMARY KEY (" + listed(of.primary_key()) + ")) WITHOUT ROWID";
}

/// The indexes that make scans of a span of time, and of one key, need no sorting.
[[nodiscard]] inline std::vector<std::string> create_index_sql(const sqlite_layout& of) {
    std::vector<std::string> out;
    const auto add = [&](const std::vector<std::string>& names) {
        std::string index = of.table;
        for (const auto& each : names) index += (each == names.front() ? " by " : ", ") + each;
        out.push_back("CREATE INDEX IF NOT EXISTS " + quoted_name(index) + " ON " +
                      quoted_name(of.table) + " (" + listed(names) + ")");
    };
    if (of.is_windowed) {
        if (!of.key.empty()) add({of.time});
        return out;
    }
    if (!of.time.empty()) add({of.time});
    if (!of.key.empty()) {
        add(of.time.empty() ? std::vector{of.key} : std::vector{of.key, of.time});
    }
    return out;
}

/// Takes the columns as ?1, ?2, ...
[[nodiscard]] inline std::string insert_sql(const sqlite_layout& of) {
    std::string names, values, updates;
    for (const auto& each : of.columns) {
        const std::string name = quoted_name(each.name);
        names += (names.empty() ? "" : ", ") + name;
        values += (values.empty() ? "" : ", ") + of.parameter_of(each.name);
        if (each.name == of.key || each.name == of.time) continue;
        updates += (updates.empty() ? "" : ", ") + name + " = excluded." + name;
    }
    if (!of.ordinal.empty()) {
        const auto equals = [&](const std::string& name) {
            return quoted_name(name) + " = " + of.parameter_of(name);
        };
        names += ", " + quoted_name(of.ordinal);
        values += ", CASE WHEN " + of.parameter_of(of.trigger) +
                  " = 'event' THEN (SELECT coalesce(max(" + quoted_name(of.ordinal) +
                  "), 0) + 1 FROM " + quoted_name(of.table) + " WHERE " + equals(of.time) +
                  (of.key.empty() ? "" : " AND " + equals(of.key)) + ") ELSE 0 END";
    }
    const std::string insert =
        "INSERT INTO " + quoted_name(of.table) + " (" + names + ") VALUES (" + values + ")";
    if (!of.is_windowed) return insert;
    return insert + " ON CONFLICT (" + listed(of.primary_key()) + ") DO " +
           (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
}

/// Takes the columns as `insert_sql` does; removes the row of that key and window.
[[nodiscard]] inline std::string delete_sql(const sqlite_layout& of) {
    std::string where;
    for (const auto& each : of.primary_key()) {
        where += (where.empty() ? "" : " AND ") + quoted_name(each) + " = " +
                 (each == of.ordinal ? "0" : of.parameter_of(each));
    }
    // All parameters are bound, and so have to be there.
    const std::string last = of.parameter_of(of.columns.back().name);
    return "DELETE FROM " + quoted_name(of.table) + " WHERE " + where + " AND " + last + " IS " +
           last;
}

}  // namespace millrace::detail
