#include <millrace/storage/sqlite_layout.hpp>

#include "catch.hpp"
#include "rows.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct tick {
    int id = 0;
    timestamp time{};
};

using counted = record<std::string, named_value<"n", int>>;
using numbered_twice = record<std::string, named_value<"Ordinal", int>>;

}  // namespace

template <>
inline constexpr auto millrace::schema<tick> =
    millrace::fields(millrace::field{"id", &tick::id}, millrace::event_time{"time", &tick::time});

TEST_CASE("the table of a windowed record is unique by key and start") {
    const auto layout = sqlite_layout::of<counted>("t", "k");
    CHECK(layout.primary_key() == std::vector<std::string>{"k", "start", "ordinal"});
    CHECK(
        create_table_sql(layout) ==
        R"(CREATE TABLE "t" ("k" TEXT, "start" INTEGER, "end" INTEGER, "n" INTEGER, )"
        R"("change" TEXT, "revision" INTEGER, "final" INTEGER, "trigger" TEXT, "watermark" INTEGER, )"
        R"("late" INTEGER, "ordinal" INTEGER, PRIMARY KEY ("k", "start", "ordinal")) )"
        R"(WITHOUT ROWID)");
    CHECK(create_index_sql(layout) ==
          std::vector<std::string>{R"(CREATE INDEX IF NOT EXISTS "t by start" ON "t" ("start"))"});
}

TEST_CASE("the table of another record has no key") {
    const auto layout = sqlite_layout::of<tick>("t", "k");
    CHECK(layout.primary_key().empty());
    CHECK(create_table_sql(layout) == R"(CREATE TABLE "t" ("id" INTEGER, "time" INTEGER))");
    CHECK(create_index_sql(layout) ==
          std::vector<std::string>{R"(CREATE INDEX IF NOT EXISTS "t by time" ON "t" ("time"))"});
    CHECK(insert_sql(layout) == R"(INSERT INTO "t" ("id", "time") VALUES (?1, ?2))");
}

TEST_CASE("a row is removed by its key and window, and all parameters of a row are there") {
    const auto layout = sqlite_layout::of<counted>("t", "k");
    CHECK(delete_sql(layout) == R"(DELETE FROM "t" WHERE "k" = ?1 AND "start" = ?2 AND )"
                                R"("ordinal" = 0 AND ?10 IS ?10)");
}

TEST_CASE("a record may have a field called ordinal") {
    CHECK(sqlite_layout::of<numbered_twice>("t", "k").ordinal == "ordinal_");
}

TEST_CASE("the table of windows by count is unique by key, start and number") {
    using by_count = record<std::string, named_value<"n", int>, numbered_window>;
    const auto layout = sqlite_layout::of<by_count>("t", "k");
    CHECK(layout.primary_key() == std::vector<std::string>{"k", "start", "number"});
    CHECK(layout.ordinal.empty());
    CHECK(delete_sql(layout) == R"(DELETE FROM "t" WHERE "k" = ?1 AND "start" = ?3 AND )"
                                R"("number" = ?2 AND ?11 IS ?11)");
}
