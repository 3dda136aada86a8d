#include <millrace/storage/sqlite_file.hpp>

#include <thread>

#include <millrace/storage/sqlite.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using store = sqlite_storage<result_row>;

namespace {

using narrow_row = record<std::string, named_value<"mean", double>>;

/// Opens the table `t` and gives what was thrown.
template <class Record = result_row>
std::string refusal(const temporary_directory& directory, const char* topic = "t",
                    const char* key_name = "k") {
    try {
        sqlite_storage<Record> storage{directory.options(), topic, key_name};
    } catch (const std::system_error& error) {
        CHECK(error.code() == errc::storage_schema);
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text, part);
    return text.find(part) != text.npos;
}

struct two_cases {
    double b = 0, B = 0;
    friend bool operator==(const two_cases&, const two_cases&) = default;
};
struct two_cases_turned : two_cases {};

}  // namespace

template <>
inline constexpr auto millrace::schema<two_cases> =
    millrace::fields(millrace::field{"b", &two_cases::b}, millrace::field{"B", &two_cases::B});
template <>
inline constexpr auto millrace::schema<two_cases_turned> =
    millrace::fields(millrace::field<two_cases_turned, double>{"B", &two_cases_turned::B},
                     millrace::field<two_cases_turned, double>{"b", &two_cases_turned::b});

TEST_CASE("fields that differ in case alone come back as they went, also from an older file") {
    temporary_directory directory;
    using row = record<std::string, two_cases>;
    for (int run = 1; run <= 2; ++run) {
        sqlite_storage<row> storage{directory.options(), "t", "Late"};
        row one{.key = "k", .result = {double(run), 10.0 * run}, .late = 3};
        one.window = {at(run), at(run + 1)};
        REQUIRE_FALSE(storage.append(one));
        std::vector<row> found;
        REQUIRE_FALSE(storage.scan({.key = "k"}, [&](const row& each) { found.push_back(each); }));
        REQUIRE(found.size() == static_cast<std::size_t>(run));
        CHECK(found.front().result == two_cases{1, 10});
        CHECK(found.back() == one);
    }
    plain_sqlite sql{directory.file()};
    CHECK(sql.one("select Late || b || B_2 || late_2 from t where b = 2") == "k2.020.03");
    CHECK(contains(refusal<record<std::string, two_cases_turned>>(directory, "t", "Late"),
                   R"(column "B": is there as that of the field b)"));
}

TEST_CASE("a column of another type is refused by name") {
    temporary_directory directory;
    { sqlite_storage<narrow_row> storage{directory.options(), "t", "k"}; }
    plain_sqlite sql{directory.file()};
    sql("alter table t drop column mean");
    sql("alter table t add column mean text");
    CHECK(contains(refusal(directory),
                   R"(table "t", column "mean": has the type TEXT where REAL is needed)"));
    CHECK(sql.one("select count(*) from pragma_table_info('t')") == "11");
}

TEST_CASE("a table that needs a value of which the record knows nothing is refused by name") {
    temporary_directory directory;
    { store storage{directory.options(), "t", "k"}; }
    plain_sqlite sql{directory.file()};
    sql("alter table t add column mine text default 'x' not null");
    CHECK(refusal(directory) == "accepted");

    sql("create table u as select * from t");
    sql("drop table t");
    sql("create table t (k text, start integer, ordinal integer, must integer not null, "
        "primary key (k, start, ordinal))");
    CHECK(contains(refusal(directory), R"(column "must": the record has no value for it)"));
}

TEST_CASE("a table of another primary key is refused by the column") {
    temporary_directory directory;
    plain_sqlite sql{directory.file()};
    sql("create table t (k text, start integer, ordinal integer, primary key (k, start))");
    CHECK(contains(refusal(directory), R"(column "ordinal": is not part of the primary key)"));
    sql("drop table t; create table t (k text, start integer)");
    CHECK(contains(refusal(directory), R"(column "ordinal": missing from the primary key)"));
    sql("drop table t; create table t (k text, start integer, ordinal integer, \"end\" integer, "
        "primary key (k, start, ordinal, \"end\"))");
    CHECK(contains(refusal(directory), R"(column "end": is part of the primary key)"));
}

TEST_CASE("columns that are missing are added, and columns of the user's own stay") {
    temporary_directory directory;
    {
        sqlite_storage<narrow_row> storage{directory.options(), "t", "k"};
        storage.append({.key = "a", .window = {at(1), at(2)}, .result = {5}});
    }
    plain_sqlite sql{directory.file()};
    sql("alter table t add column mine text");
    sql("update t set mine = 'kept'");
    store storage{directory.options(), "t", "k"};
    const auto old = scanned(storage);
    REQUIRE(old.size() == 1);
    CHECK(old[0].result.mean == 5);
    CHECK(std::isnan(old[0].result.low));
    CHECK(!old[0].result.score);
    CHECK(old[0].result.note.empty());
    CHECK(old[0].result.big == 0);
    storage.append(numbered(3, "a", 1));
    CHECK(scanned(storage) == std::vector{numbered(3, "a", 1)});
    CHECK(sql.one("select mine from t") == "kept");
}

TEST_CASE("a name that is taken is refused") {
    temporary_directory directory;
    plain_sqlite sql{directory.file()};
    sql("create table Bars (x); create view looks as select 1 as x;"
        "create index lists on Bars (x)");
    CHECK(contains(refusal(directory, "bars"), R"(the name is taken by the table "Bars")"));
    CHECK(contains(refusal(directory, "looks"), R"(the name is taken by the view "looks")"));
    CHECK(contains(refusal(directory, "lists"), R"(the name is taken by the index "lists")"));
    CHECK(contains(refusal(directory, "sqlite_stat"), "reserved"));
    CHECK(contains(refusal(directory, ""), "empty"));
    CHECK(sql.one("select count(*) from sqlite_master") == "3");
}

TEST_CASE("what is not a database is refused and left as it is") {
    temporary_directory directory;
    const std::string text(5000, 'x');
    FILE* const file = std::fopen(directory.file().c_str(), "w");
    REQUIRE(file != nullptr);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    CHECK_THROWS_WITH((store{directory.options(), "t", "k"}),
                      directory.file() + ": file is not a database: storage failed");
    CHECK(std::filesystem::file_size(directory.file()) == 5000);
}

TEST_CASE("a file that another locks is waited for, then refused") {
    temporary_directory directory;
    auto options = directory.options();
    options.busy_timeout = std::chrono::milliseconds{10};
    plain_sqlite sql{directory.file()};
    sql("begin exclusive");
    try {
        store storage{options, "t", "k"};
        FAIL("opened");
    } catch (const std::system_error& error) {
        CHECK(error.code() == errc::storage_locked);
    }
    sql("rollback");
    CHECK_NOTHROW(store{options, "t", "k"});
}

TEST_CASE("many may open one new file at once") {
    temporary_directory directory;
    const auto options = directory.options();
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            try {
                store storage{options, "t" + std::to_string(i % 3), "k"};
            } catch (const std::system_error&) {
                ++failures;
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(failures == 0);
}

TEST_CASE("the durability asked for is set, and the size limit") {
    temporary_directory directory;
    const auto layout = detail::sqlite_layout::of<result_row>("t", "k");
    const std::atomic<bool> never = false;
    auto options = directory.options();
    const auto pragma = [&](const char* name) {
        const auto db = detail::open_for_writing(options, layout, never);
        detail::sqlite_statement ask{*db, std::string{"pragma "} + name};
        REQUIRE(ask.step() == SQLITE_ROW);
        return sqlite3_column_int64(ask.get(), 0);
    };
    CHECK(pragma("synchronous") == 1);
    options.sync_every_commit = true;
    CHECK(pragma("synchronous") == 2);
    options.max_bytes = 1024 * 1024;
    CHECK(pragma("max_page_count") * pragma("page_size") == 1024 * 1024);
}
