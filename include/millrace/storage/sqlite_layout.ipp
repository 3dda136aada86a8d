#pragma once

#include <algorithm>

#include <millrace/storage/sqlite_layout.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::vector<std::string> sqlite_layout::primary_key() const {
    if (!is_windowed) return {};
    std::vector<std::string> names = keys;
    for (const auto* each : {&time, &number, &ordinal}) {
        if (!each->empty()) names.push_back(*each);
    }
    return names;
}

MILLRACE_INLINE bool sqlite_layout::is_key(const std::string& column) const {
    return std::ranges::find(keys, column) != keys.end();
}

MILLRACE_INLINE std::string sqlite_layout::parameter_of(std::string_view column) const {
    std::size_t place = 1;
    while (columns[place - 1].name != column) ++place;
    return std::to_string(place).insert(0, 1, '?');
}

MILLRACE_INLINE std::string listed(const std::vector<std::string>& names, std::string_view suffix) {
    std::string out;
    for (const auto& each : names) {
        if (!out.empty()) out += ", ";
        out.append(quoted_name(each)).append(suffix);
    }
    return out;
}

MILLRACE_INLINE std::string create_table_sql(const sqlite_layout& of) {
    std::string out = "CREATE TABLE " + quoted_name(of.table) + " (";
    for (const auto& each : of.columns) {
        out.append(quoted_name(each.name)).append(" ").append(each.type).append(", ");
    }
    if (!of.ordinal.empty()) out += quoted_name(of.ordinal) + " INTEGER, ";
    if (!of.is_windowed) return out.erase(out.size() - 2) + ")";
    return out + "PRIMARY KEY (" + listed(of.primary_key()) + ")) WITHOUT ROWID";
}

MILLRACE_INLINE std::vector<std::string> create_index_sql(const sqlite_layout& of) {
    std::vector<std::string> out;
    const auto add = [&](const std::vector<std::string>& names) {
        std::string index = of.table;
        for (const auto& each : names) index += (each == names.front() ? " by " : ", ") + each;
        out.push_back("CREATE INDEX IF NOT EXISTS " + quoted_name(index) + " ON " +
                      quoted_name(of.table) + " (" + listed(names) + ")");
    };
    if (of.is_windowed) {
        if (!of.keys.empty()) add({of.time});
        return out;
    }
    if (!of.time.empty()) add({of.time});
    if (!of.keys.empty()) {
        std::vector<std::string> by_key = of.keys;
        if (!of.time.empty()) by_key.push_back(of.time);
        add(by_key);
    }
    return out;
}

MILLRACE_INLINE std::string insert_sql(const sqlite_layout& of) {
    std::string names, values, updates;
    for (const auto& each : of.columns) {
        const std::string name = quoted_name(each.name);
        names += (names.empty() ? "" : ", ") + name;
        values += (values.empty() ? "" : ", ") + of.parameter_of(each.name);
        if (of.is_key(each.name) || each.name == of.time || each.name == of.number) continue;
        updates += (updates.empty() ? "" : ", ") + name + " = excluded." + name;
    }
    if (!of.ordinal.empty()) {
        const auto equals = [&](const std::string& name) {
            return quoted_name(name) + " = " + of.parameter_of(name);
        };
        std::string of_key;
        for (const auto& each : of.keys) of_key += " AND " + equals(each);
        names += ", " + quoted_name(of.ordinal);
        values += ", CASE WHEN " + of.parameter_of(of.trigger) +
                  " = 'event' THEN (SELECT coalesce(max(" + quoted_name(of.ordinal) +
                  "), 0) + 1 FROM " + quoted_name(of.table) + " WHERE " + equals(of.time) + of_key +
                  ") ELSE 0 END";
    }
    const std::string insert =
        "INSERT INTO " + quoted_name(of.table) + " (" + names + ") VALUES (" + values + ")";
    if (!of.is_windowed) return insert;
    return insert + " ON CONFLICT (" + listed(of.primary_key()) + ") DO " +
           (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
}

MILLRACE_INLINE std::string delete_sql(const sqlite_layout& of) {
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
