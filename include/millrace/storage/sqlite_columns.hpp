#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/row.hpp>
#include <millrace/storage/sqlite_connection.hpp>

namespace millrace::detail {

/// The column type that keeps a `T`.
template <class T>
[[nodiscard]] consteval std::string_view sqlite_type() {
    using value = unwrapped<T>;
    if constexpr (text<value> || named_enum<value>) {
        return "TEXT";
    } else if constexpr (std::floating_point<value>) {
        return "REAL";
    } else {
        return "INTEGER";
    }
}

int bind_text(sqlite_statement& to, int parameter, std::string_view bytes,
              sqlite3_destructor_type lifetime);

/// Binds `value` to a parameter and gives SQLite's result code; text must stay where it is until
/// the statement has run. Unsigned 64-bit integers are stored as the signed ones of the same bits.
template <class T>
[[nodiscard]] int bind_value(sqlite_statement& to, int parameter, const T& value) {
    if constexpr (is_optional<T>) {
        return value ? bind_value(to, parameter, *value) : sqlite3_bind_null(to.get(), parameter);
    } else if constexpr (text<T>) {
        return bind_text(to, parameter, value, SQLITE_STATIC);
    } else if constexpr (named_enum<T>) {
        const std::string_view name = schema<T>.name_of(value);
        if (!name.empty()) return bind_text(to, parameter, name, SQLITE_STATIC);
        const std::string number = std::to_string(static_cast<std::int64_t>(value));
        return bind_text(to, parameter, number, SQLITE_TRANSIENT);
    } else if constexpr (std::floating_point<T>) {
        return sqlite3_bind_double(to.get(), parameter, static_cast<double>(value));  // NaN as NULL
    } else if constexpr (std::same_as<T, timestamp>) {
        return sqlite3_bind_int64(to.get(), parameter, value.time_since_epoch().count());
    } else {
        return sqlite3_bind_int64(to.get(), parameter, static_cast<std::int64_t>(value));
    }
}

/// What `bind_value` stored. NULL is NaN, or the empty value of a type that has no NaN.
template <class T>
void read_value(const sqlite_statement& from, int column, T& value) {
    sqlite3_stmt* const s = from.get();
    const bool is_null = sqlite3_column_type(s, column) == SQLITE_NULL;
    if constexpr (is_optional<T>) {
        value.reset();
        if (!is_null) read_value(from, column, value.emplace());
    } else if constexpr (std::same_as<T, std::string>) {
        value.assign(from.text(column));
    } else if constexpr (named_enum<T>) {
        const auto named = schema<T>.find(from.text(column));
        value = named ? *named : static_cast<T>(sqlite3_column_int64(s, column));
    } else if constexpr (std::floating_point<T>) {
        value = is_null ? std::numeric_limits<T>::quiet_NaN()
                        : static_cast<T>(sqlite3_column_double(s, column));
    } else if constexpr (std::same_as<T, timestamp>) {
        value = timestamp{duration{sqlite3_column_int64(s, column)}};
    } else {
        value = static_cast<T>(sqlite3_column_int64(s, column));
    }
}

/// Binds the fields of a row to the parameters ?1, ?2, ... in their order.
template <class Record>
[[nodiscard]] int bind_row(sqlite_statement& to, const Record& row) {
    int parameter = 0, result = SQLITE_OK;
    schema<Record>.for_each([&](const auto& each) {
        ++parameter;
        if (result == SQLITE_OK) result = bind_value(to, parameter, each.get(row));
    });
    return result;
}

/// Reads the fields of a row from the first columns of a result.
template <class Record>
void read_row(const sqlite_statement& from, Record& row) {
    int column = 0;
    schema<Record>.for_each([&](const auto& each) { read_value(from, column++, each.get(row)); });
}

struct sqlite_column {
    std::string name;
    std::string_view type;
    std::string field{};  ///< what the record calls it
};

/// As SQLite compares identifiers: without regard to the case of ASCII letters.
[[nodiscard]] inline bool is_same_name(const std::string& a, const std::string& b) noexcept {
    return sqlite3_stricmp(a.c_str(), b.c_str()) == 0;
}

[[nodiscard]] bool has_column(const std::vector<sqlite_column>& among,
                              const std::string& name) noexcept;

/// Names anew the columns that SQLite takes for an earlier one, since it sees no case: `b_2` for
/// the second of `B` and `b`, or the next number that no other column has.
void make_distinct(std::vector<sqlite_column>& columns);

/// The columns of a record, in the order of its fields.
template <class Record>
[[nodiscard]] std::vector<sqlite_column> sqlite_columns(std::string_view key_name) {
    std::vector<sqlite_column> columns;
    const auto names = names_with_key<Record>(key_name);
    schema<Record>.for_each([&]<class Field>(const Field&) {
        const std::string& name = names[columns.size()];
        columns.push_back({name, sqlite_type<value_of<Field>>(), name});
    });
    make_distinct(columns);
    return columns;
}

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/storage/sqlite_columns.ipp>
#endif
