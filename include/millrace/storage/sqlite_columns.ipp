#pragma once

#include <millrace/storage/sqlite_columns.hpp>

namespace millrace::detail {

MILLRACE_INLINE int bind_text(sqlite_statement& to, int parameter, std::string_view bytes,
                              sqlite3_destructor_type lifetime) {
    const char* const data = bytes.data() == nullptr ? "" : bytes.data();
    return sqlite3_bind_text64(to.get(), parameter, data, bytes.size(), lifetime, SQLITE_UTF8);
}

MILLRACE_INLINE bool has_column(const std::vector<sqlite_column>& among,
                                const std::string& name) noexcept {
    return std::ranges::any_of(among,
                               [&](const auto& each) { return is_same_name(each.name, name); });
}

MILLRACE_INLINE void make_distinct(std::vector<sqlite_column>& columns) {
    std::vector<sqlite_column> known;
    std::vector<sqlite_column*> alike;
    for (auto& each : columns) {
        has_column(known, each.name) ? alike.push_back(&each) : known.push_back(each);
    }
    for (sqlite_column* each : alike) {
        const std::string name = each->name + '_';
        for (int i = 2; has_column(known, each->name); ++i) each->name = name + std::to_string(i);
        known.push_back(*each);
    }
}

}  // namespace millrace::detail
