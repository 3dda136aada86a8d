#include <millrace/storage/sqlite_connection.hpp>

#include "catch.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace std::chrono_literals;

TEST_CASE("a quoted name means itself") {
    CHECK(quoted_name("bars") == R"("bars")");
    CHECK(quoted_name(R"(a"b""c)") == R"("a""b""""c")");
    CHECK_THROWS_AS(quoted_name(""), std::system_error);
    CHECK_THROWS_AS(quoted_name(std::string_view{"a\0b", 3}), std::system_error);
}

TEST_CASE("an error says which file and what SQLite said") {
    const temporary_directory directory;
    const auto message = [](auto f) -> std::string {
        try {
            f();
        } catch (const std::system_error& error) {
            return error.what();
        }
        return "nothing thrown";
    };
    CHECK(message([&] { sqlite_connection(directory.file("no/such/a.db"), 0ms); }) ==
          directory.file("no/such/a.db") + ": there is no folder " + directory.file("no/such") +
              ": storage failed");
    CHECK(message([&] { sqlite_connection(directory.file("."), 0ms); }) ==
          directory.file(".") + ": unable to open database file: storage failed");
    sqlite_connection db{directory.file(), 0ms};
    CHECK(message([&] { db.execute("select * from nowhere"); }) ==
          directory.file() + ": no such table: nowhere: stored table does not fit the schema");
    CHECK(db.error() == errc::storage_schema);
}

TEST_CASE("a lock is waited for as long as told") {
    const temporary_directory directory;
    sqlite_connection holder{directory.file(), 0ms}, other{directory.file(), 20ms};
    holder.execute("begin exclusive");
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(other.try_execute("begin immediate"));
    CHECK(other.error() == errc::storage_locked);
    CHECK(std::chrono::steady_clock::now() - start >= 20ms);

    sqlite_connection patient{directory.file(), 1h};
    const std::atomic<bool> give_up = true;
    patient.give_up_on(give_up);
    CHECK_FALSE(patient.try_execute("begin immediate"));

    holder.execute("rollback");
    CHECK(other.try_execute("begin immediate"));
    CHECK(!other.error());
    other.rollback();
    CHECK(patient.try_execute("begin immediate"));
}

TEST_CASE("a full file is told from other failures") {
    const temporary_directory directory;
    sqlite_connection db{directory.file(), 0ms};
    db.execute("pragma max_page_count = 2");
    db.execute("create table t (x)");
    CHECK_FALSE(db.try_execute("insert into t values (zeroblob(100000))"));
    CHECK(db.error() == errc::storage_full);
}
