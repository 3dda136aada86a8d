#include <millrace/storage/sqlite_scan.hpp>

#include <millrace/storage/sqlite_file.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct tick {
    std::int64_t id = 0;
    timestamp time{};
};

/// How SQLite would run it.
std::string plan(plain_sqlite& sql, const std::string& query) {
    std::string out;
    for (const auto& line : sql("explain query plan " + query)) out += line.back() + "; ";
    return out;
}

}  // namespace

template <>
inline constexpr auto millrace::schema<tick> =
    millrace::fields(millrace::field{"id", &tick::id}, millrace::event_time{"time", &tick::time});

TEST_CASE("rows come in the order of time, key and ordinal, or of their arrival") {
    const auto windowed = sqlite_layout::of<result_row>("t", "k");
    CHECK(comma_separated(scan_order(windowed, false)) == R"("start", "k", "ordinal")");
    CHECK(comma_separated(scan_order(windowed, true)) == R"("start", "ordinal")");
    const auto plain = sqlite_layout::of<tick>("t", "");
    CHECK(page_sql(plain, false, false) ==
          R"(SELECT "id", "time", "time", rowid FROM "t" WHERE "time" >= ?1 AND "time" < ?2 )"
          R"(ORDER BY "time", rowid LIMIT ?3)");
    CHECK(page_sql(plain, false, true) ==
          R"(SELECT "id", "time", "time", rowid FROM "t" WHERE ("time", rowid) > (?5, ?6) )"
          R"(AND "time" < ?2 ORDER BY "time", rowid LIMIT ?3)");
}

TEST_CASE("no page sorts, or reads what is before it") {
    temporary_directory directory;
    const std::atomic<bool> never = false;
    const auto windowed = sqlite_layout::of<result_row>("t", "k");
    const auto plain = sqlite_layout::of<tick>("u", "");
    const auto parts = sqlite_layout::of<paired_row>("v", "a/b");
    open_for_writing(directory.options(), windowed, never);
    open_for_writing(directory.options(), parts, never);
    open_for_writing(directory.options(), plain, never);
    plain_sqlite sql{directory.file()};
    for (const bool is_behind : {false, true}) {
        for (const auto& query :
             {page_sql(windowed, false, is_behind), page_sql(windowed, true, is_behind),
              page_sql(parts, false, is_behind), page_sql(parts, true, is_behind),
              page_sql(plain, false, is_behind), place_sql(parts, true), place_sql(windowed, false),
              place_sql(windowed, true), place_sql(plain, false)}) {
            const std::string how = plan(sql, query);
            CAPTURE(query, how);
            CHECK(how.starts_with("SEARCH"));
            CHECK(how.find("TEMP B-TREE") == how.npos);
        }
    }
    CHECK(plan(sql, page_sql(windowed, true, true)).find("(start,ordinal)>(?,?)") !=
          std::string::npos);
}
