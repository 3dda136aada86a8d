#include <millrace/storage/sqlite_turn.hpp>

#include <thread>

#include <millrace/storage/sqlite.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a file has one mutex, however its path is written") {
    temporary_directory directory;
    const auto one = detail::writers_mutex(directory.file());
    CHECK(detail::writers_mutex(directory.file("./test.db")) == one);
    CHECK(detail::writers_mutex(directory.file("in/../test.db")) == one);
    CHECK(detail::writers_mutex(directory.file("other.db")) != one);
}

TEST_CASE("a turn is waited for, up to a time or until the wait is given up") {
    std::mutex writers;
    std::atomic<bool> give_up = false;
    auto first = detail::take_turn(writers, 0ms, give_up);
    CHECK(first.owns_lock());
    std::thread other{[&] {
        CHECK_THROWS_AS(detail::take_turn(writers, 0ms, give_up), std::system_error);
        give_up = true;
        CHECK_THROWS_AS(detail::take_turn(writers, 1h, give_up), std::system_error);
        give_up = false;
    }};
    other.join();
    std::thread third{[&] { CHECK(detail::take_turn(writers, 1h, give_up).owns_lock()); }};
    first.unlock();
    third.join();
}

TEST_CASE("storages of one file that all cut its log lose no row") {
    temporary_directory directory;
    auto options = directory.options();
    options.max_wal_bytes = 0;
    options.batch_rows = 4;
    options.on_full = when_full::block;
    options.append_timeout = 1min;
    constexpr std::int64_t rows = 400;
    {
        std::vector<std::thread> threads;
        for (const char* table : {"a", "b", "c"})
            threads.emplace_back([&, table] {
                sqlite_storage<result_row> storage{options, table, "k"};
                for (std::int64_t i = 0; i < rows; ++i)
                    static_cast<void>(storage.append(numbered(i)));
                static_cast<void>(storage.flush());
            });
        for (auto& each : threads) each.join();
    }
    plain_sqlite sql{directory.file()};
    for (const std::string table : {"a", "b", "c"})
        CHECK(sql.one("select count(*) from " + table) == std::to_string(rows));
    CHECK(sql.one("pragma integrity_check") == "ok");
}
