#include <millrace/storage/sqlite.hpp>

#include <csignal>
#include <cstdlib>

#include <spawn.h>
#include <sys/wait.h>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using store = sqlite_storage<result_row>;

namespace {

constexpr const char* file_variable = "MILLRACE_TEST_FILE";
constexpr std::int64_t windows = 50'000;

result_row window(std::int64_t number) {
    return numbered(number, std::string{static_cast<char>('a' + number % 7)}, number / 7);
}

sqlite_options options_for(const std::string& file) {
    sqlite_options out;
    out.file = file;
    out.batch_rows = 50;
    out.batch_interval = std::chrono::milliseconds{1};
    out.on_full = when_full::block;
    return out;
}

/// This program again, as the child that appends until it is killed.
pid_t start_child(const std::string& file) {
    setenv(file_variable, file.c_str(), 1);
    std::string name = "test", which = "a child appends until it is killed";
    char* const arguments[] = {name.data(), which.data(), nullptr};
    pid_t child = 0;
    REQUIRE(posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environ) == 0);
    return child;
}

}  // namespace

TEST_CASE("a child appends until it is killed", "[.]") {
    store storage{options_for(std::getenv(file_variable)), "t", "k"};
    for (std::int64_t i = 0;; ++i) static_cast<void>(storage.append(window(i % windows)));
}

TEST_CASE("after kill -9 every committed window is there, whole and once") {
    temporary_directory directory;
    plain_sqlite sql{directory.file()};
    const auto count = [&] {
        if (sql.one("select count(*) from sqlite_master where name = 't'") == "0") return 0;
        return std::stoi(sql.one("select count(*) from t"));
    };
    for (int round = 1; round <= 4; ++round) {
        const int enough = count() + 700 * round;
        const pid_t child = start_child(directory.file());
        const bool has_enough = eventually([&] { return count() >= enough; });
        kill(child, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        REQUIRE(has_enough);
        REQUIRE(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGKILL);

        CHECK(sql.one("pragma integrity_check") == "ok");
        store storage{options_for(directory.file()), "t", "k"};
        const auto rows = scanned(storage, {.limit = SIZE_MAX});
        CHECK(static_cast<int>(rows.size()) >= enough);
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(rows.size()); ++i) {
            REQUIRE(rows[static_cast<std::size_t>(i)] == window(i));
        }
    }

    const int before = count();
    {
        store storage{options_for(directory.file()), "t", "k"};
        for (std::int64_t i = 0; i < before + 100; ++i) {
            REQUIRE(!storage.append(window(i % windows)));
        }
    }
    CHECK(count() == std::min<std::int64_t>(before + 100, windows));
    CHECK(sql.one("select count(*) from (select distinct k, start from t)") ==
          std::to_string(count()));
}
