#include <millrace/storage/sqlite.hpp>

#include <future>
#include <limits>

#include "catch.hpp"
#include "rows.hpp"
#include "sqlite_support.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using store = sqlite_storage<result_row>;

static_assert(storage<store, result_row>);

namespace {

struct memo {
    int id = 0;
    timestamp time{};
};
struct word {
    std::string text{};
};

}  // namespace

template <>
inline constexpr auto millrace::schema<memo> =
    millrace::fields(millrace::field{"id", &memo::id}, millrace::event_time{"time", &memo::time});
template <>
inline constexpr auto millrace::schema<word> = millrace::fields(millrace::field{"text",
                                                                                &word::text});

TEST_CASE("sqlite_storage gives what the plainest model gives, also after a restart") {
    const unsigned seed = GENERATE(range(1u, 11u));
    CAPTURE(seed);
    std::mt19937 random{seed};
    temporary_directory directory;
    model expected{.ties_by_key = true};
    for (std::int64_t i = 0; i < 150;) {
        store storage{directory.options(), "results", "sensor"};
        for (const std::int64_t end = i + 50; i < end; ++i) {
            const result_row next = random_row(random, i);
            REQUIRE(!storage.append(next));
            expected.append(next);
            const storage_query query = random_query(random);
            REQUIRE(scanned(storage, query) == expected.scan(query));
        }
    }
}

TEST_CASE("rows by a key of several parts have a column for each, and are kept as by one") {
    const unsigned seed = GENERATE(range(1u, 6u));
    CAPTURE(seed);
    std::mt19937 random{seed};
    temporary_directory directory;
    model expected{.ties_by_key = true};
    for (std::int64_t i = 0; i < 150;) {
        sqlite_storage<paired_row> storage{directory.options(), "results", "venue/symbol"};
        for (const std::int64_t end = i + 50; i < end; ++i) {
            const result_row next = random_row(random, i);
            REQUIRE(!storage.append(paired(next)));
            expected.append(next);
            const storage_query query = random_query(random);
            REQUIRE(scanned<paired_row>(storage, paired(query)) == paired(expected.scan(query)));
        }
        CHECK(scanned<paired_row>(storage, {.key = "a"}).empty());
    }
    plain_sqlite sql{directory.file()};
    const auto of_a = std::to_string(expected.scan({.key = "a"}).size());
    CHECK(sql.one("select count(*) from results where venue = '/' and symbol = 'a'") == of_a);
    CHECK(sql("select group_concat(name) from pragma_table_info('results') where pk > 0 "
              "order by pk") == plain_sqlite::table{{"venue,symbol,start,ordinal"}});
}

TEST_CASE("a key of several parts is read by pages, without sorting") {
    temporary_directory directory;
    sqlite_storage<paired_row> storage{directory.options(), "results", "venue/symbol"};
    for (std::int64_t i = 0; i < 5000; ++i)
        storage.append(paired(numbered(i, i % 2 ? "a" : "d", i)));
    const auto rows = scanned<paired_row>(storage, {.key = "~0/d", .limit = 2000});
    REQUIRE(rows.size() == 2000);
    for (std::int64_t i = 0; i < 2000; ++i)
        REQUIRE(rows[static_cast<std::size_t>(i)] ==
                paired(numbered(1000 + 2 * i, "d", 1000 + 2 * i)));
}

TEST_CASE("a topic is a table, a field a column, for any SQLite program") {
    temporary_directory directory;
    store storage{directory.options(), "hourly", "sensor"};
    storage.append(numbered(5, "speed_6005", 1'440'000'000));
    REQUIRE(!storage.flush());
    plain_sqlite sql{directory.file()};
    CHECK(sql("select sensor, start, \"end\", mean, score, remark, big, small, is_odd, note, peak, "
              "state, change, revision, final, \"trigger\", watermark, late from hourly") ==
          plain_sqlite::table{{"speed_6005", "1440000000000000000", "1440000001000000000",
                               "1.66666666666667", "NULL", "NULL", "-6", "-5", "1", "xxxxx",
                               "5000000001", "busy", "insert", "5", "1", "watermark", "0", "5"}});
    CHECK(sql("select distinct typeof(mean), typeof(low), typeof(start), typeof(is_odd), "
              "typeof(note), typeof(state) from hourly") ==
          plain_sqlite::table{{"real", "real", "integer", "integer", "text", "text"}});
    CHECK(sql.one("pragma journal_mode") == "wal");
    CHECK(sql.one("select mean from hourly where sensor = 'speed_6005' and start >= "
                  "unixepoch('2015-08-19') * 1000000000") == "1.66666666666667");
}

TEST_CASE("values at their limits come back whole") {
    temporary_directory directory;
    store storage{directory.options(), "t", "k"};
    result_row extreme = numbered(0, std::string{"nul\0in \xff it", 10}, 0);
    extreme.window = {timestamp::min(), timestamp::max()};
    extreme.result.mean = std::numeric_limits<double>::infinity();
    extreme.result.low = std::numeric_limits<float>::denorm_min();
    extreme.result.score = -std::numeric_limits<double>::max();
    extreme.result.remark = "";
    extreme.result.big = std::uint64_t{1} << 63;
    extreme.result.small = INT64_MIN;
    extreme.result.peak = timestamp::min();
    extreme.result.state = static_cast<mood>(77);
    storage.append(extreme);
    CHECK(scanned(storage) == std::vector{extreme});
    CHECK(scanned(storage, {.key = extreme.key}) == std::vector{extreme});

    extreme.result.mean = std::numeric_limits<double>::quiet_NaN();
    storage.append(extreme);
    const auto rows = scanned(storage);
    REQUIRE(rows.size() == 1);
    CHECK(std::isnan(rows[0].result.mean));
    CHECK(plain_sqlite{directory.file()}.one("select mean from t") == "NULL");
}

TEST_CASE("keys of other types are found by their text") {
    temporary_directory directory;
    sqlite_storage<record<std::uint64_t, measured>> numbers{directory.options(), "numbers", "id"};
    sqlite_storage<record<mood, measured>> moods{directory.options(), "moods", "mood"};
    sqlite_storage<record<no_key, measured>> whole{directory.options(), "whole", ""};
    numbers.append({.key = UINT64_MAX});
    numbers.append({.key = 7});
    moods.append({.key = mood::busy});
    whole.append({});
    whole.append({.revision = 1});
    const auto count = [](auto& storage, std::optional<std::string> key) {
        int found = 0;
        CHECK(!storage.scan({.key = std::move(key)}, [&](const auto&) { ++found; }));
        return found;
    };
    CHECK(count(numbers, "18446744073709551615") == 1);
    CHECK(count(numbers, "7") == 1);
    CHECK(count(numbers, "seven") == 0);
    CHECK(count(numbers, std::nullopt) == 2);
    CHECK(count(moods, "busy") == 1);
    CHECK(count(moods, "calm") == 0);
    CHECK(count(whole, std::nullopt) == 1);
    CHECK(count(whole, "") == 0);
}

TEST_CASE("records without a window are appended, in the order of their time") {
    temporary_directory directory;
    sqlite_storage<memo> memos{directory.options(), "memos", ""};
    sqlite_storage<word> words{directory.options(), "words", ""};
    for (const int id : {3, 1, 2, 1}) memos.append({id, at(id)});
    for (const char* text : {"b", "a", "b"}) words.append({text});
    std::vector<int> ids;
    CHECK(!memos.scan({.to = at(3)}, [&](const memo& each) { ids.push_back(each.id); }));
    CHECK(ids == std::vector{1, 1, 2});
    std::string texts;
    CHECK(!words.scan({.limit = 2}, [&](const word& each) { texts += each.text; }));
    CHECK(texts == "ab");
}

TEST_CASE("names of any characters are safe") {
    const std::string topic = GENERATE("order", "a\"b; drop table victim; --", "x'y", "/a path/ü%",
                                       "[br]`ack", "t by start");
    const std::string key = GENERATE("group", "\" or 1 = 1", "sch\\lüssel ?1");
    CAPTURE(topic, key);
    temporary_directory directory;
    plain_sqlite sql{directory.file()};
    sql("create table victim (x)");
    {
        store storage{directory.options(), topic, key};
        storage.append(numbered(1));
        CHECK(scanned(storage, {.key = "a"}) == std::vector{numbered(1)});
        CHECK(scanned(storage, {.key = "\" or 1 = 1"}).empty());
    }
    store again{directory.options(), topic, key};
    CHECK(scanned(again) == std::vector{numbered(1)});
    CHECK(sql.one("select count(*) from victim") == "0");
    CHECK(sql.one("select count(*) from sqlite_master where type = 'table'") == "2");
}

TEST_CASE("the table can have another name than the topic") {
    temporary_directory directory;
    auto options = directory.options();
    options.table = "other";
    store storage{options, "topic", "k"};
    storage.append(numbered(1));
    REQUIRE(!storage.flush());
    CHECK(plain_sqlite{directory.file()}.one("select count(*) from other") == "1");
}

TEST_CASE("storages share a file and wait for each other without an error") {
    temporary_directory directory;
    auto options = directory.options();
    options.batch_rows = 16;
    options.on_full = when_full::block;
    std::vector<std::thread> threads;
    std::atomic<int> errors = 0;
    for (const char* topic : {"one", "two", "one"}) {
        threads.emplace_back([&, topic] {
            store storage{options, topic, "k"};
            for (std::int64_t i = 0; i < 1000; ++i) static_cast<void>(storage.append(numbered(i)));
            if (storage.flush() || storage.stats().errors > 0) ++errors;
        });
    }
    for (auto& each : threads) each.join();
    CHECK(errors == 0);
    plain_sqlite sql{directory.file()};
    CHECK(sql.one("select count(*) from one") == "1000");
    CHECK(sql.one("select count(*) from two") == "1000");
    CHECK(sql.one("pragma integrity_check") == "ok");
}

TEST_CASE("a scan during appends sees all that came before it, in order and without a gap") {
    temporary_directory directory;
    auto options = directory.options();
    options.on_full = when_full::block;
    store storage{options, "t", "k"};
    constexpr std::int64_t rows = 20'000;
    std::atomic<std::int64_t> appended = 0;
    std::thread appender{[&] {
        for (std::int64_t i = 0; i < rows; ++i) {
            static_cast<void>(storage.append(numbered(i)));
            appended = i + 1;
        }
    }};
    for (bool is_last = false; !is_last;) {
        is_last = appended == rows;
        const std::int64_t before = appended;
        const auto found = scanned(storage, {.limit = 100});
        REQUIRE(static_cast<std::int64_t>(found.size()) >= std::min<std::int64_t>(100, before));
        if (found.empty()) continue;
        std::int64_t next = found.front().revision;
        for (const auto& each : found) REQUIRE(each == numbered(next++));
        REQUIRE(next >= before);
    }
    appender.join();
}

TEST_CASE("async_scan answers on another thread") {
    temporary_directory directory;
    store storage{directory.options(), "t", "k"};
    for (std::int64_t i = 0; i < 10; ++i) storage.append(numbered(i));
    std::promise<std::vector<result_row>> answer;
    std::thread::id answered_on;
    auto only_movable = std::make_unique<int>(1);
    storage.async_scan({.limit = 2}, [&, held = std::move(only_movable)](
                                         std::error_code error, std::vector<result_row>&& rows) {
        CHECK(!error);
        answered_on = std::this_thread::get_id();
        answer.set_value(std::move(rows));
    });
    CHECK(answer.get_future().get() == std::vector{numbered(8), numbered(9)});
    CHECK(answered_on != std::this_thread::get_id());
}

TEST_CASE("async_scan refuses what is too much, counts what throws, cancels what is left") {
    temporary_directory directory;
    auto options = directory.options();
    options.max_waiting_scans = 1;
    std::promise<void> started, release;
    std::promise<std::error_code> left;
    {
        store storage{options, "t", "k"};
        storage.async_scan({}, [&](std::error_code, std::vector<result_row>&&) {
            started.set_value();
            release.get_future().get();
            throw std::runtime_error{"on purpose"};
        });
        started.get_future().get();
        storage.async_scan(
            {}, [&](std::error_code error, std::vector<result_row>&&) { left.set_value(error); });
        std::error_code refused;
        storage.async_scan(
            {}, [&](std::error_code error, std::vector<result_row>&&) { refused = error; });
        CHECK(refused == errc::try_again_later);
        release.set_value();
        CHECK(eventually([&] { return storage.stats().errors == 1; }));
        CHECK(storage.stats().last_error == errc::handler_failed);
    }
    const std::error_code error = left.get_future().get();
    CHECK((!error || error == std::errc::operation_canceled));
}

TEST_CASE("settings that cannot be are refused") {
    temporary_directory directory;
    const auto open = [&](auto change) {
        auto options = directory.options();
        change(options);
        store storage{options, "t", "k"};
    };
    CHECK_THROWS_AS(open([](auto& o) { o.file = ""; }), std::invalid_argument);
    CHECK_THROWS_AS(open([](auto& o) { o.file = ":memory:"; }), std::invalid_argument);
    CHECK_THROWS_AS(open([](auto& o) { o.queue_rows = 0; }), std::invalid_argument);
    CHECK_THROWS_AS(open([](auto& o) { o.batch_rows = 0; }), std::invalid_argument);
    CHECK_THROWS_AS(open([](auto& o) { o.retry_interval = 0ms; }), std::invalid_argument);
    CHECK_THROWS_AS(open([](auto& o) { o.max_retry_interval = 0ms; }), std::invalid_argument);
    using time = std::chrono::milliseconds sqlite_options::*;
    for (const time each : {&sqlite_options::append_timeout, &sqlite_options::batch_interval,
                            &sqlite_options::busy_timeout, &sqlite_options::retry_interval,
                            &sqlite_options::max_retry_interval, &sqlite_options::scan_timeout,
                            &sqlite_options::close_timeout}) {
        for (const auto wrong : {-1ms, std::chrono::milliseconds::max()})
            CHECK_THROWS_AS(open([&](auto& o) { o.*each = wrong; }), std::invalid_argument);
        CHECK_NOTHROW(open([&](auto& o) { o.*each = detail::longest_time; }));
    }
}

TEST_CASE("windows by count that start at one time are told apart by their number in SQL, too") {
    using by_count = record<std::string, measured, numbered_window>;
    temporary_directory directory;
    const auto row = [](int number, double mean) {
        by_count made;
        made.key = "a";
        made.window = {{at(5), at(6)}, static_cast<std::uint64_t>(number)};
        made.fired_by = trigger::count;
        made.result.mean = mean;
        return made;
    };
    {
        sqlite_storage<by_count> storage{directory.options(), "counts", "sensor"};
        for (const int number : {0, 1, 2}) storage.append(row(number, number));
    }
    sqlite_storage<by_count> storage{directory.options(), "counts", "sensor"};
    storage.append(row(1, 7));
    by_count gone = row(2, 2);
    gone.change = change::remove;
    storage.append(gone);
    for (const std::optional<std::string>& key : {std::optional<std::string>{"a"}, {}}) {
        std::vector<by_count> rows;
        CHECK(!storage.scan({.key = key}, [&](const by_count& each) { rows.push_back(each); }));
        CHECK(rows == std::vector{row(0, 0), row(1, 7)});
    }
    CHECK(plain_sqlite{directory.file()}("select sensor, number, mean from counts") ==
          plain_sqlite::table{{"a", "0", "0.0"}, {"a", "1", "7.0"}});

    CHECK_THROWS_WITH((sqlite_storage<result_row>{directory.options(), "counts", "sensor"}),
                      Catch::Contains("\"number\": is part of the primary key") ||
                          Catch::Contains("\"ordinal\": missing from the primary key"));
}
