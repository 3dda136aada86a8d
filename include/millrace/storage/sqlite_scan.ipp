#pragma once

#include <algorithm>

#include <millrace/storage/sqlite_scan.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::vector<std::string> scan_order(const sqlite_layout& of, bool by_key) {
    std::vector<std::string> order;
    if (!of.time.empty()) order.push_back(quoted_name(of.time));
    for (const auto& each : of.primary_key()) {
        if (each != of.time && !(by_key && of.is_key(each))) order.push_back(quoted_name(each));
    }
    if (!of.is_windowed) order.push_back("rowid");
    return order;
}

MILLRACE_INLINE std::string comma_separated(const std::vector<std::string>& parts,
                                            const std::string& suffix) {
    std::string out;
    for (const auto& each : parts) out += (out.empty() ? "" : ", ") + each + suffix;
    return out;
}

MILLRACE_INLINE std::size_t first_place_parameter(const sqlite_layout& of) {
    return 4 + std::max<std::size_t>(1, of.keys.size());
}

/// That rows are of the key whose parts are ?4, ...
MILLRACE_INLINE std::string of_key_sql(const sqlite_layout& of) {
    std::string out;
    for (std::size_t i = 0; i < of.keys.size(); ++i)
        out += " AND " + quoted_name(of.keys[i]) + " = ?" + std::to_string(4 + i);
    return out;
}

MILLRACE_INLINE std::string place_sql(const sqlite_layout& of, bool by_key) {
    const auto order = scan_order(of, by_key);
    const std::string time = of.time.empty() ? "" : quoted_name(of.time);
    std::string out =
        "SELECT " + comma_separated(order) + " FROM " + quoted_name(of.table) + " WHERE ";
    out += time.empty() ? "?1 <= ?2" : time + " >= ?1 AND " + time + " < ?2";
    if (by_key) out += of_key_sql(of);
    return out + " ORDER BY " + comma_separated(order, " DESC") + " LIMIT 1 OFFSET ?3";
}

MILLRACE_INLINE std::string page_sql(const sqlite_layout& of, bool by_key, bool is_behind) {
    const auto order = scan_order(of, by_key);
    const std::string time = of.time.empty() ? "" : quoted_name(of.time);
    std::vector<std::string> names, place;
    for (const auto& each : of.columns) names.push_back(quoted_name(each.name));
    names.insert(names.end(), order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i)
        place.push_back(std::to_string(first_place_parameter(of) + i).insert(0, 1, '?'));
    std::string out =
        "SELECT " + comma_separated(names) + " FROM " + quoted_name(of.table) + " WHERE ";
    if (is_behind) {
        out += "(" + comma_separated(order) + ") > (" + comma_separated(place) + ")";
    } else {
        out += time.empty() ? "?1 <= ?2" : time + " >= ?1";
    }
    if (!time.empty()) out += " AND " + time + " < ?2";
    if (by_key) out += of_key_sql(of);
    return out + " ORDER BY " + comma_separated(order) + " LIMIT ?3";
}

MILLRACE_INLINE void sqlite_place::take(const sqlite_statement& from, int first_column) {
    values_.clear();
    for (int i = first_column; i < sqlite3_column_count(from.get()); ++i)
        values_.emplace_back(sqlite3_value_dup(sqlite3_column_value(from.get(), i)));
}

MILLRACE_INLINE int sqlite_place::bind(sqlite_statement& to, std::size_t first) const {
    int code = SQLITE_OK, parameter = static_cast<int>(first);
    for (const auto& each : values_)
        if (code == SQLITE_OK) code = sqlite3_bind_value(to.get(), parameter++, each.get());
    return code;
}

MILLRACE_INLINE sqlite_scan::sqlite_scan(const sqlite_connection& db, const sqlite_layout& of,
                                         bool by_key)
    : place{db, place_sql(of, by_key)},
      first_page{db, page_sql(of, by_key, false)},
      next_page{db, page_sql(of, by_key, true)} {}

}  // namespace millrace::detail
