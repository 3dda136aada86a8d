#include <millrace/storage/sqlite_columns.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace millrace::detail;

static_assert(sqlite_type<std::string>() == "TEXT");
static_assert(sqlite_type<mood>() == "TEXT");
static_assert(sqlite_type<float>() == "REAL");
static_assert(sqlite_type<std::optional<double>>() == "REAL");
static_assert(sqlite_type<bool>() == "INTEGER");
static_assert(sqlite_type<std::uint64_t>() == "INTEGER");
static_assert(sqlite_type<timestamp>() == "INTEGER");

TEST_CASE("columns are called as the fields are, the key as the pipeline calls it") {
    const auto columns = sqlite_columns<result_row>("sensor");
    REQUIRE(columns.size() == schema<result_row>.size);
    CHECK(columns[0].name == "sensor");
    CHECK(columns[1].name == "start");
    CHECK(columns[3].name == "mean");
    CHECK(columns[3].type == "REAL");
    CHECK(sqlite_columns<result_row>("")[0].name == "key");
}

TEST_CASE("columns differ by more than case, and those that had no rival keep their names") {
    const auto names = [](std::vector<std::string> fields) {
        std::vector<sqlite_column> columns;
        for (auto& each : fields) columns.push_back({each, "TEXT", each});
        make_distinct(columns);
        std::vector<std::string> out;
        for (auto& each : columns) out.push_back(each.name);
        return out;
    };
    using list = std::vector<std::string>;
    CHECK(names({"b", "B", "c"}) == list{"b", "B_2", "c"});
    CHECK(names({"B", "b", "b_2", "b_"}) == list{"B", "b_3", "b_2", "b_"});
    CHECK(names({"ab", "aB", "Ab", "AB"}) == list{"ab", "aB_2", "Ab_3", "AB_4"});
    CHECK(names({"\u00e4", "\u00c4"}) == list{"\u00e4", "\u00c4"});  // ASCII alone has case
    CHECK(sqlite_columns<result_row>("Start")[1].name == "start_2");
}

TEST_CASE("NULL reads as NaN, none or empty, whatever the value was before") {
    const temporary_directory directory;
    sqlite_connection db{directory.file(), {}};
    sqlite_statement nulls{db, "select null, null, null, null, null, null"};
    REQUIRE(nulls.step() == SQLITE_ROW);
    double real = 1;
    std::optional<double> maybe = 1;
    std::string text = "x";
    int number = 1;
    mood state = mood::busy;
    timestamp time = at(1);
    read_value(nulls, 0, real);
    read_value(nulls, 1, maybe);
    read_value(nulls, 2, text);
    read_value(nulls, 3, number);
    read_value(nulls, 4, state);
    read_value(nulls, 5, time);
    CHECK(std::isnan(real));
    CHECK(!maybe);
    CHECK(text.empty());
    CHECK(number == 0);
    CHECK(state == mood::calm);
    CHECK(time == timestamp{});
}

TEST_CASE("text beyond SQLite's limit is refused, not cut or left out") {
    const temporary_directory directory;
    sqlite_connection db{directory.file(), {}};
    sqlite3_limit(db.get(), SQLITE_LIMIT_LENGTH, 100);
    sqlite_statement select{db, "select ?1"};
    CHECK(bind_value(select, 1, std::string(100, 'x')) == SQLITE_OK);
    CHECK(bind_value(select, 1, std::string(101, 'x')) == SQLITE_TOOBIG);
}
