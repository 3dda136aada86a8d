#include <millrace/storage/sqlite_watch.hpp>

#include <mutex>

#include <millrace/storage/sqlite.hpp>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using store = sqlite_storage<result_row>;

namespace {

/// Keeps what a storage tells.
struct listener {
    std::mutex mutex;
    std::vector<std::pair<log_event, std::string>> lines;

    log_hook hook() {
        return [this](const log_entry& entry) {
            const std::lock_guard lock{mutex};
            lines.emplace_back(entry.what, entry.message);
        };
    }
    std::size_t count(log_event what) {
        const std::lock_guard lock{mutex};
        return static_cast<std::size_t>(
            std::ranges::count(lines, what, [](const auto& each) { return each.first; }));
    }
};

std::vector<result_row> rows_from(std::int64_t first, std::int64_t last) {
    std::vector<result_row> out;
    for (; first < last; ++first) out.push_back(numbered(first));
    return out;
}

void append(store& to, std::int64_t first, std::int64_t last) {
    for (; first < last; ++first) REQUIRE(!to.append(numbered(first)));
}

/// All files of the database.
void remove_files(const std::string& file) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
}

bool settles(store& storage) {
    return eventually([&] { return storage.stats().pending == 0 && !storage.stats().is_failing; });
}

std::string count_in(const std::string& file) {
    return plain_sqlite{file}.one("select count(*) from t");
}

}  // namespace

TEST_CASE("a file that is removed under the storage is made anew, and takes what was not durable") {
    const bool is_all_removed = GENERATE(true, false);
    temporary_directory directory;
    listener heard;
    auto options = directory.options();
    options.log = heard.hook();
    store storage{options, "t", "k"};
    append(storage, 0, 10);
    REQUIRE(!storage.flush());
    REQUIRE(scanned(storage).size() == 10);  // so that there is a reader's connection, too

    if (is_all_removed) {
        remove_files(directory.file());
    } else {
        std::filesystem::remove(directory.file());
    }
    append(storage, 10, 30);
    const std::error_code first = storage.flush();
    CHECK((!first || first == errc::storage_removed));  // or the upkeep found it
    CHECK(settles(storage));
    CHECK(count_in(directory.file()) == "20");
    CHECK(scanned(storage) == rows_from(10, 30));
    CHECK(storage.stats().removals == 1);
    CHECK(storage.stats().errors == 1);
    CHECK(storage.stats().last_error == errc::storage_removed);
    CHECK(storage.stats().dropped == 0);
    CHECK(heard.count(log_event::storage_failed) == 1);
    CHECK(eventually([&] { return heard.count(log_event::storage_recovered) == 1; }));
    const std::string front = "storage t in " + directory.file() + ": ",
                      line = heard.lines[0].second;
    CHECK(line.starts_with(front));
    CHECK(line.find(directory.path.string(), front.size()) == std::string::npos);
    CHECK(plain_sqlite{directory.file()}.one("pragma integrity_check") == "ok");
}

TEST_CASE("a removal is noticed without rows to write") {
    temporary_directory directory;
    store storage{directory.options(), "t", "k"};
    remove_files(directory.file());
    CHECK(eventually([&] { return storage.stats().removals == 1; }));
    CHECK(eventually([&] { return std::filesystem::exists(directory.file()); }));
    CHECK(settles(storage));
}

TEST_CASE("of what a removed file took, nothing counts as durable") {
    temporary_directory directory;
    auto options = directory.options();
    options.on_removal = when_removed::fail;
    store storage{options, "t", "k"};
    append(storage, 0, 10);
    REQUIRE(scanned(storage).size() == 10);
    const std::string aside = directory.file("aside.db");
    std::filesystem::rename(directory.file(), aside);
    append(storage, 10, 30);
    CHECK(storage.flush() == errc::storage_removed);
    CHECK(storage.flush() == errc::storage_removed);
    CHECK(storage.stats().pending == 20);
    CHECK(storage.stats().is_failing);
    CHECK(storage.stats().removals == 1);
    CHECK(!std::filesystem::exists(directory.file()));
    CHECK(storage.scan({}, [](const result_row&) {}) == errc::storage_removed);
    CHECK(!std::filesystem::exists(directory.file()));

    plain_sqlite{directory.file()}("create table mine (x)");
    CHECK(storage.flush() == errc::storage_removed);  // not the one that it had
    std::filesystem::rename(aside, directory.file());
    CHECK(settles(storage));
    CHECK(scanned(storage) == rows_from(0, 30));
}

TEST_CASE("a file that another replaces is left, and the other one taken") {
    temporary_directory directory;
    const std::string other = directory.file("other.db");
    {
        auto options = directory.options();
        options.file = other;
        store make{options, "t", "k"};
        append(make, 100, 105);
    }
    store storage{directory.options(), "t", "k"};
    append(storage, 0, 10);
    REQUIRE(scanned(storage).size() == 10);
    std::filesystem::rename(other, directory.file());
    append(storage, 10, 12);
    static_cast<void>(storage.flush());
    CHECK(settles(storage));
    auto expected = rows_from(10, 12);
    for (auto& each : rows_from(100, 105)) expected.push_back(each);
    CHECK(scanned(storage) == expected);
    CHECK(plain_sqlite{directory.file()}.one("pragma integrity_check") == "ok");
}

TEST_CASE("a directory that is removed is waited for") {
    temporary_directory directory;
    std::filesystem::create_directory(directory.path / "in");
    auto options = directory.options();
    options.file = directory.file("in/test.db");
    store storage{options, "t", "k"};
    append(storage, 0, 10);
    REQUIRE(!storage.flush());
    std::filesystem::remove_all(directory.path / "in");
    append(storage, 10, 20);
    CHECK(storage.flush());
    CHECK(storage.flush());
    CHECK(storage.stats().pending == 10);
    std::filesystem::create_directory(directory.path / "in");
    CHECK(settles(storage));
    CHECK(scanned(storage) == rows_from(10, 20));
}

TEST_CASE("a log that is removed alone costs no row") {
    temporary_directory directory;
    {
        store storage{directory.options(), "t", "k"};
        append(storage, 0, 10);
        REQUIRE(scanned(storage).size() == 10);
        std::filesystem::remove(directory.file() + "-wal");
        append(storage, 10, 20);
        static_cast<void>(storage.flush());
        CHECK(settles(storage));
        CHECK(eventually([&] { return storage.stats().removals > 0; }));
        append(storage, 20, 30);
        CHECK(scanned(storage) == rows_from(0, 30));
    }
    CHECK(count_in(directory.file()) == "30");
}

TEST_CASE("storages that share a file all notice its removal, each in its time") {
    temporary_directory directory;
    store one{directory.options(), "t", "k"}, two{directory.options(), "u", "k"};
    append(one, 0, 5);
    append(two, 0, 5);
    REQUIRE(scanned(one).size() == 5);
    REQUIRE(scanned(two).size() == 5);
    std::filesystem::remove(directory.file());
    append(one, 5, 9);
    CHECK(settles(one));
    REQUIRE(scanned(one) == rows_from(5, 9));
    append(two, 5, 9);
    static_cast<void>(two.flush());
    CHECK(settles(two));
    CHECK(scanned(two) == rows_from(5, 9));
    CHECK(scanned(one) == rows_from(5, 9));
    CHECK(plain_sqlite{directory.file()}.one("pragma integrity_check") == "ok");
}

TEST_CASE("whatever is removed, and whenever, what is flushed behind it is in the file") {
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    temporary_directory directory;
    auto options = directory.options();
    options.on_full = when_full::block;
    options.batch_rows = 20;
    store storage{options, "t", "k"};
    const std::string file = directory.file(), other = directory.file("other.db");
    std::int64_t next = 0, kept_since = 0;
    for (int round = 0; round < 20; ++round) {
        const auto step = static_cast<std::int64_t>(random() % 300);
        append(storage, next, next + step);
        next += step;
        if (random() % 2 == 0) static_cast<void>(scanned(storage).size());
        const auto what = random() % 4;
        if (what == 0) remove_files(file);
        if (what == 1) std::filesystem::remove(file);
        if (what == 2) std::filesystem::remove(file + "-wal");
        if (what == 3) {
            plain_sqlite{other}("create table mine (x)");
            std::filesystem::rename(other, file);
        }
        if (what != 2) kept_since = next;
        const auto more = static_cast<std::int64_t>(1 + random() % 100);
        append(storage, next, next + more);
        next += more;
        CHECK(eventually([&] { return !storage.flush(); }));
        CHECK(settles(storage));
        plain_sqlite sql{file};
        CAPTURE(round, what, kept_since, next);
        REQUIRE(sql.one("select count(*) from t where start >= " +
                        std::to_string(kept_since * 1'000'000'000)) ==
                std::to_string(next - kept_since));
        REQUIRE(sql.one("pragma integrity_check") == "ok");
    }
    CHECK(storage.stats().dropped == 0);
}

TEST_CASE("what a path leads to is told apart") {
    temporary_directory directory;
    const std::string file = directory.file("some");
    CHECK(!detail::file_id::of(file));
    CHECK(detail::wal_bytes(file) == 0);
    std::filesystem::create_directory(file);
    CHECK(detail::file_id::of(file) == detail::file_id::of(file));
    CHECK(detail::file_id::of(file) != detail::file_id::of(directory.file(".")));
}
