#include <millrace/storage/sqlite_sink.hpp>

#include <csignal>

#include <sys/resource.h>

#include <millrace/storage/sqlite.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using store = sqlite_storage<result_row>;

namespace {

result_row heavy(std::int64_t number) {
    result_row out = numbered(number);
    out.result.note = std::string(1000, 'n');
    return out;
}

std::vector<result_row> heavy_rows(std::int64_t first, std::int64_t last) {
    std::vector<result_row> out;
    for (; first < last; ++first) out.push_back(heavy(first));
    return out;
}

/// No file of this process may grow beyond so many bytes.
struct file_size_limit {
    rlimit before{};

    explicit file_size_limit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        const rlimit limit{bytes, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_size_limit() { setrlimit(RLIMIT_FSIZE, &before); }
};

}  // namespace

TEST_CASE("a file that is full keeps what it has, and takes the rest when there is room") {
    temporary_directory directory;
    auto options = directory.options();
    options.max_bytes = 200 * 1024;
    options.batch_rows = 10;
    store storage{options, "t", "k"};
    std::int64_t count = 0;
    while (!storage.flush()) {
        REQUIRE(count < 1000);
        for (int i = 0; i < 10; ++i) CHECK(!storage.append(heavy(count++)));
    }
    storage_stats stats = storage.stats();
    CHECK(stats.is_failing);
    CHECK(stats.last_error == errc::storage_full);
    CHECK(stats.errors > 0);
    CHECK(stats.dropped == 0);
    CHECK(stats.pending == 10);
    CHECK(std::filesystem::file_size(directory.file()) <= options.max_bytes);
    CHECK(storage.flush() == errc::storage_full);  // another attempt fails alike

    std::vector<result_row> seen;
    CHECK(storage.scan({}, [&](const result_row& each) { seen.push_back(each); }) ==
          errc::storage_full);
    CHECK(seen == heavy_rows(0, count - 10));

    plain_sqlite sql{directory.file()};
    CHECK(sql.one("pragma integrity_check") == "ok");
    sql("delete from t where start < 10000000000");
    CHECK(eventually([&] { return storage.stats().pending == 0; }));
    CHECK_FALSE(storage.stats().is_failing);
    CHECK(storage.stats().dropped == 0);
    CHECK(scanned(storage) == heavy_rows(10, count));
}

TEST_CASE("a disk that fails in the middle of a write, likewise") {
    temporary_directory directory;
    auto options = directory.options();
    options.batch_rows = 10;
    store storage{options, "t", "k"};
    storage.append(heavy(0));
    REQUIRE(!storage.flush());
    {
        const file_size_limit limit{std::filesystem::file_size(directory.file() + "-wal") + 20'000};
        for (std::int64_t i = 1; i < 50; ++i) CHECK(!storage.append(heavy(i)));
        CHECK(storage.flush() == errc::storage_failed);
        CHECK(storage.stats().is_failing);
        CHECK(storage.stats().last_error == errc::storage_failed);
    }
    CHECK(eventually([&] { return storage.stats().pending == 0; }));
    CHECK(scanned(storage) == heavy_rows(0, 50));
    CHECK(storage.stats().dropped == 0);
    CHECK(plain_sqlite{directory.file()}.one("pragma integrity_check") == "ok");
}

TEST_CASE("a lock is counted, appends go on, and what waited is written when it goes") {
    temporary_directory directory;
    auto options = directory.options();
    options.busy_timeout = 10ms;
    options.queue_rows = 4;
    options.batch_rows = 1;
    store storage{options, "t", "k"};
    storage.append(numbered(0));
    REQUIRE(!storage.flush());
    plain_sqlite sql{directory.file()};
    sql("begin exclusive");
    storage.append(numbered(1));
    CHECK(storage.flush() == errc::storage_locked);
    CHECK(storage.stats().is_failing);
    CHECK(storage.stats().last_error == errc::storage_locked);
    for (std::int64_t i = 2; i < 6; ++i) CHECK(!storage.append(numbered(i)));
    for (std::int64_t i = 6; i < 9; ++i) {
        CHECK(storage.append(numbered(i)) == errc::storage_queue_full);
    }
    CHECK(storage.stats().dropped == 3);

    std::vector<result_row> seen;
    CHECK(storage.scan({}, [&](const result_row& each) { seen.push_back(each); }) ==
          errc::storage_locked);
    CHECK(seen == std::vector{numbered(0)});

    sql("rollback");
    CHECK(eventually([&] { return storage.stats().pending == 0; }));
    CHECK(scanned(storage) == std::vector{numbered(0), numbered(1), numbered(5), numbered(6),
                                          numbered(7), numbered(8)});
}

TEST_CASE("the destructor waits for a lock no longer than close_timeout") {
    temporary_directory directory;
    auto options = directory.options();
    options.busy_timeout = 1h;
    options.close_timeout = 20ms;
    plain_sqlite sql{directory.file()};
    const auto start = std::chrono::steady_clock::now();
    {
        store storage{options, "t", "k"};
        sql("begin exclusive");
        storage.append(numbered(1));
    }
    CHECK(std::chrono::steady_clock::now() - start < 30s);
    sql("rollback");
    CHECK(sql.one("select count(*) from t") == "0");
}

TEST_CASE("the destructor writes what waits") {
    temporary_directory directory;
    auto options = directory.options();
    options.batch_interval = 1h;
    {
        store storage{options, "t", "k"};
        for (std::int64_t i = 0; i < 3000; ++i) storage.append(numbered(i));
    }
    CHECK(plain_sqlite{directory.file()}.one("select count(*) from t") == "3000");
}

TEST_CASE("a scan does not wait for a writer that cannot write beyond its timeout") {
    temporary_directory directory;
    auto options = directory.options();
    options.busy_timeout = 1h;
    options.close_timeout = 1ms;
    options.scan_timeout = 1ms;
    store storage{options, "t", "k"};
    plain_sqlite sql{directory.file()};
    sql("begin exclusive");
    storage.append(numbered(1));
    CHECK(storage.scan({}, [](const result_row&) {}) == errc::timed_out);
}

TEST_CASE("a row that the table refuses costs its neighbours nothing") {
    temporary_directory directory;
    { store create{directory.options(), "t", "k"}; }
    plain_sqlite sql{directory.file()};
    sql("create trigger guard before insert on t when new.mean > 100 begin "
        "select raise(abort, 'too much'); end");
    store storage{directory.options(), "t", "k"};
    for (const std::int64_t i : {1, 2, 1000, 3}) storage.append(numbered(i));
    CHECK(!storage.flush());
    CHECK(storage.stats().dropped == 1);
    CHECK(storage.stats().errors == 1);
    CHECK(storage.stats().last_error == errc::storage_failed);
    CHECK(scanned(storage) == std::vector{numbered(1), numbered(2), numbered(3)});
}

TEST_CASE("a table that was dropped is made anew") {
    temporary_directory directory;
    store storage{directory.options(), "t", "k"};
    storage.append(numbered(1));
    CHECK(scanned(storage).size() == 1);
    plain_sqlite{directory.file()}("drop table t");
    storage.append(numbered(2));
    CHECK(eventually([&] { return storage.stats().pending == 0; }));
    CHECK(storage.stats().errors > 0);
    CHECK(storage.stats().last_error == errc::storage_schema);
    CHECK(scanned(storage) == std::vector{numbered(2)});
}

TEST_CASE("a log that grew behind a reader is cut when it has gone, without rows to write") {
    temporary_directory directory;
    auto options = directory.options();
    options.max_wal_bytes = 100'000;
    store storage{options, "t", "k"};
    storage.append(heavy(0));
    REQUIRE(!storage.flush());
    {
        plain_sqlite sql{directory.file()};
        sql("begin; select count(*) from t");
        for (std::int64_t i = 1; i < 300; ++i) storage.append(heavy(i));
        REQUIRE(!storage.flush());
        CHECK(storage.stats().wal_bytes > 2 * options.max_wal_bytes);
        CHECK_FALSE(storage.stats().is_failing);
        sql("rollback");
    }
    CHECK(eventually([&] { return storage.stats().wal_bytes <= options.max_wal_bytes; }));
    CHECK(storage.stats().errors == 0);
    CHECK(scanned(storage) == heavy_rows(0, 300));
}

TEST_CASE("a checkpoint that fails is told, and costs no row") {
    temporary_directory directory;
    auto options = directory.options();
    options.max_wal_bytes = 0;
    options.batch_rows = 4;
    {
        store storage{options, "t", "k"};
        const file_size_limit limit{120'000};
        std::int64_t count = 0;
        while (!storage.stats().is_failing) {
            REQUIRE(count < 1000);
            storage.append(heavy(count++));
            static_cast<void>(storage.flush());
        }
        CHECK(storage.stats().pending == 0);
        CHECK(scanned(storage) == heavy_rows(0, count));
    }
    CHECK(plain_sqlite{directory.file()}.one("pragma integrity_check") == "ok");
}
