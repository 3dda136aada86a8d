#include <millrace/storage/sqlite_reader.hpp>

#include <algorithm>
#include <span>

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

TEST_CASE("a scan of many pages is whole, also where many rows are of one time") {
    temporary_directory directory;
    const auto layout = sqlite_layout::of<result_row>("t", "k");
    const std::atomic<bool> never = false;
    sqlite_sink<result_row> sink{directory.options(), layout};
    sqlite_reader<result_row> reader{directory.options(), layout};
    std::vector<result_row> all;
    for (std::int64_t i = 0; i < 5000; ++i) {
        all.push_back(numbered(i, std::string{static_cast<char>('a' + i % 2)}, i / 1700));
        all.back().fired_by = trigger::event;
    }
    REQUIRE(!sink(all, never).error);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::pair{a.window.start, a.key} < std::pair{b.window.start, b.key};
    });
    for (const std::size_t limit : {std::size_t{1}, std::size_t{1023}, std::size_t{1024},
                                    std::size_t{3000}, std::size_t{5000}, SIZE_MAX}) {
        std::vector<result_row> rows;
        CHECK(!reader.read({.limit = limit}, rows));
        CHECK(std::ranges::equal(rows, std::span{all}.last(std::min<std::size_t>(limit, 5000))));
        rows.clear();
        CHECK(!reader.read({.key = "b", .limit = limit}, rows));
        CHECK(rows.size() == std::min<std::size_t>(limit, 2500));
    }
}
