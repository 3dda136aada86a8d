#include <millrace/storage/sqlite_reader.hpp>

#include <millrace/storage/sqlite_sink.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace millrace::detail;

TEST_CASE("a reader reads while another writes, and never writes itself") {
    temporary_directory directory;
    const auto layout = sqlite_layout::of<result_row>("t", "k");
    const std::atomic<bool> never = false;
    sqlite_sink<result_row> sink{directory.options(), layout};
    sqlite_reader<result_row> reader{directory.options(), layout};
    const std::vector before{numbered(1), numbered(2)};
    REQUIRE(!sink(before, never).error);

    plain_sqlite sql{directory.file()};
    sql("begin exclusive; delete from t");
    std::vector<result_row> rows;
    CHECK(!reader.read({}, rows));
    CHECK(rows == before);
    sql("commit");
    CHECK(!reader.read({}, rows));
    CHECK(rows == before);  // appended to: nothing more
}

TEST_CASE("a reader of a table that is not there says so, and finds it later") {
    temporary_directory directory;
    const auto layout = sqlite_layout::of<result_row>("t", "k");
    sqlite_reader<result_row> reader{directory.options(), layout};
    std::vector<result_row> rows;
    CHECK(reader.read({}, rows) == errc::storage_failed);
    CHECK(!std::filesystem::exists(directory.file()));
    plain_sqlite{directory.file()}("create table mine (x)");
    CHECK(reader.read({}, rows) == errc::storage_schema);
    sqlite_sink<result_row> sink{directory.options(), layout};
    CHECK(!reader.read({}, rows));
}
