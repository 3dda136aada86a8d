#pragma once

#include <millrace/storage/sqlite_file.hpp>

namespace millrace::detail {

MILLRACE_INLINE void use_wal(sqlite_connection& db, std::chrono::milliseconds busy_timeout,
                             const std::atomic<bool>& give_up) {
    const auto deadline = std::chrono::steady_clock::now() + busy_timeout;
    sqlite_statement change{db, "PRAGMA journal_mode = WAL"};
    while (change.step() != SQLITE_ROW) {
        const bool is_late = std::chrono::steady_clock::now() >= deadline || give_up;
        if (is_late || db.error() != errc::storage_locked) db.fail();
        change.reset();
        sqlite3_sleep(10);
    }
    if (change.text(0) != "wal") {
        db.fail(errc::storage_failed, "the file cannot have a write-ahead log where it is");
    }
}

MILLRACE_INLINE void limit_size(sqlite_connection& db, std::uint64_t max_bytes) {
    sqlite_statement page_size{db, "PRAGMA page_size"};
    if (page_size.step() != SQLITE_ROW) db.fail();
    const auto page_bytes = static_cast<std::uint64_t>(sqlite3_column_int64(page_size.get(), 0));
    const std::uint64_t pages = std::clamp<std::uint64_t>(max_bytes / page_bytes, 1, 1u << 30);
    db.execute("PRAGMA max_page_count = " + std::to_string(pages));
}

MILLRACE_INLINE bool find_table(sqlite_connection& db, const std::string& table) {
    sqlite_statement found{db,
                           "SELECT name, type FROM sqlite_master WHERE name = ?1 COLLATE NOCASE"};
    if (bind_text(found, 1, table, SQLITE_STATIC) != SQLITE_OK) db.fail();
    const int result = found.step();
    if (result == SQLITE_DONE) return false;
    if (result != SQLITE_ROW) db.fail();
    const std::string name{found.text(0)}, type{found.text(1)};
    if (name == table && type == "table") return true;
    db.fail(errc::storage_schema, "the name is taken by the " + type + " " + quoted_name(name));
}

MILLRACE_INLINE void fit_table(sqlite_connection& db, const sqlite_layout& layout) {
    struct column {
        std::string name, type;
        bool needs_value;
        int in_key;
    };
    const auto refuse = [&](const std::string& name, const std::string& why) {
        db.fail(errc::storage_schema, "table " + quoted_name(layout.table) + ", column " +
                                          quoted_name(name) + ": " + why);
    };
    if (!find_table(db, layout.table)) db.execute(create_table_sql(layout));

    std::vector<column> there;
    sqlite_statement info{
        db,
        R"(SELECT name, type, "notnull" AND dflt_value IS NULL, pk FROM pragma_table_info(?1))"};
    if (bind_text(info, 1, layout.table, SQLITE_STATIC) != SQLITE_OK) db.fail();
    while (info.step() == SQLITE_ROW) {
        there.push_back({std::string{info.text(0)}, std::string{info.text(1)},
                         sqlite3_column_int(info.get(), 2) != 0,
                         sqlite3_column_int(info.get(), 3)});
    }
    info.reset();

    const std::vector<std::string> key = layout.primary_key();
    const auto is_in_key = [&](const std::string& name) {
        return std::ranges::any_of(key, [&](auto& each) { return is_same_name(each, name); });
    };
    std::vector<sqlite_column> wanted = layout.columns;
    if (!layout.ordinal.empty()) wanted.push_back({layout.ordinal, "INTEGER"});

    for (const auto& each : wanted) {
        const auto found = std::ranges::find_if(
            there, [&](const column& has) { return is_same_name(has.name, each.name); });
        if (found == there.end()) {
            if (is_in_key(each.name)) refuse(each.name, "missing from the primary key");
            db.execute("ALTER TABLE " + quoted_name(layout.table) + " ADD COLUMN " +
                       quoted_name(each.name) + " " + std::string{each.type});
        } else if (!is_same_name(found->type, std::string{each.type})) {
            refuse(each.name, "has the type " + found->type + " where " + std::string{each.type} +
                                  " is needed");
        } else if (found->name != each.name &&
                   std::ranges::any_of(wanted, [&](auto& of) { return of.field == found->name; })) {
            refuse(each.name, "is there as that of the field " + found->name +
                                  "; let the two fields have the order that they had");
        }
    }
    for (const auto& each : there) {
        if (!key.empty() && (each.in_key > 0) != is_in_key(each.name)) {
            refuse(each.name, each.in_key > 0 ? "is part of the primary key"
                                              : "is not part of the primary key");
        }
        const bool is_wanted = std::ranges::any_of(
            wanted, [&](const auto& want) { return is_same_name(want.name, each.name); });
        if (!is_wanted && each.needs_value) refuse(each.name, "the record has no value for it");
    }
    for (const auto& sql : create_index_sql(layout)) db.execute(sql);
}

MILLRACE_INLINE std::unique_ptr<sqlite_connection> open_for_writing(
    const sqlite_options& options, const sqlite_layout& layout, const std::atomic<bool>& give_up,
    bool may_create) {
    auto db = std::make_unique<sqlite_connection>(options.file, options.busy_timeout, may_create);
    db->give_up_on(give_up);
    use_wal(*db, options.busy_timeout, give_up);
    db->execute(options.sync_every_commit ? "PRAGMA synchronous = FULL"
                                          : "PRAGMA synchronous = NORMAL");
    // Rows of many keys touch a page each: room for a batch of them.
    db->execute("PRAGMA cache_size = -16384");
    const auto limit = std::min<std::uint64_t>(options.max_wal_bytes, INT64_MAX);
    db->execute("PRAGMA journal_size_limit = " + std::to_string(limit));
    if (options.max_bytes > 0) limit_size(*db, options.max_bytes);
    db->execute("BEGIN IMMEDIATE");
    fit_table(*db, layout);
    db->execute("COMMIT");
    return db;
}

}  // namespace millrace::detail
