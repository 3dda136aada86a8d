#include <millrace/storage/memory.hpp>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "rows.hpp"

using namespace millrace;

static_assert(storage<memory_storage<result_row>, result_row>);
static_assert(storage<memory_storage<record<no_key, measured>>, record<no_key, measured>>);

namespace {

struct memo {
    std::string text{};
};

}  // namespace

template <>
inline constexpr auto millrace::schema<memo> = millrace::fields(millrace::field{"text",
                                                                                &memo::text});

TEST_CASE("memory_storage gives what the plainest model gives") {
    const unsigned seed = GENERATE(range(1u, 30u));
    CAPTURE(seed);
    std::mt19937 random{seed};
    const std::size_t capacity = 1 + random() % 60;
    memory_storage<result_row> storage{{.capacity = capacity}, "topic", "key"};
    model expected{.ties_by_key = false, .capacity = capacity};
    for (std::int64_t i = 0; i < 200; ++i) {
        const result_row next = random_row(random, i);
        REQUIRE(!storage.append(next));
        expected.append(next);
        const storage_query query = random_query(random);
        REQUIRE(scanned(storage, query) == expected.scan(query));
        REQUIRE(storage.size() == expected.rows.size());
    }
    CHECK(storage.stats().appended == 200);

    SECTION("and is the same after save and load") {
        memory_storage<result_row> loaded{{.capacity = capacity}};
        REQUIRE(!load(save(storage), loaded));
        CHECK(scanned(loaded) == expected.scan({}));
        CHECK(loaded.stats().appended == 200);
        for (std::int64_t i = 200; i < 300; ++i) {
            const result_row next = random_row(random, i);
            loaded.append(next);
            expected.append(next);
            REQUIRE(scanned(loaded) == expected.scan({}));
        }
    }
}

TEST_CASE("memory_storage keeps rows by a key of several parts as by one") {
    const unsigned seed = GENERATE(range(1u, 10u));
    CAPTURE(seed);
    std::mt19937 random{seed};
    memory_storage<paired_row> storage{{.capacity = 50}, "topic", "venue/symbol"};
    model expected{.ties_by_key = false, .capacity = 50};
    for (std::int64_t i = 0; i < 200; ++i) {
        const result_row next = random_row(random, i);
        REQUIRE(!storage.append(paired(next)));
        expected.append(next);
        const storage_query query = random_query(random);
        REQUIRE(scanned<paired_row>(storage, paired(query)) == paired(expected.scan(query)));
    }
    CHECK(scanned<paired_row>(storage, {.key = "a"}).empty());
    CHECK(scanned<paired_row>(storage, {.key = "/a"}).empty());
    memory_storage<paired_row> loaded{{.capacity = 50}};
    REQUIRE(!load(save(storage), loaded));
    CHECK(scanned<paired_row>(loaded) == paired(expected.scan({})));
}

TEST_CASE("a smaller memory_storage loads the newest records") {
    memory_storage<result_row> storage{{.capacity = 10}}, smaller{{.capacity = 3}};
    for (std::int64_t i = 0; i < 12; ++i) storage.append(numbered(i));
    REQUIRE(!load(save(storage), smaller));
    CHECK(scanned(smaller) == std::vector{numbered(9), numbered(10), numbered(11)});
}

TEST_CASE("a damaged memory_storage is refused and changes nothing") {
    memory_storage<result_row> storage{{.capacity = 10}}, other{{.capacity = 10}};
    for (std::int64_t i = 0; i < 12; ++i) storage.append(numbered(i));
    other.append(numbered(77));
    std::string bytes = save(storage);
    for (std::size_t size = 0; size < bytes.size(); size += 7) {
        REQUIRE(load(std::string_view{bytes}.substr(0, size), other));
        REQUIRE(scanned(other) == std::vector{numbered(77)});
    }
    bytes.replace(9, 8, 8, '\xff');  // the count of records
    CHECK(load(bytes, other) == errc::archive_truncated);
    CHECK(scanned(other) == std::vector{numbered(77)});
}

TEST_CASE("memory_storage keeps records without key, window or time, too") {
    memory_storage<memo> storage{{.capacity = 2}};
    for (const char* text : {"one", "two", "two"}) storage.append({text});
    std::vector<std::string> texts;
    CHECK(!storage.scan({.from = at(5)}, [&](const memo& each) { texts.push_back(each.text); }));
    CHECK(texts == std::vector<std::string>{"two", "two"});
    CHECK(!storage.scan({.key = ""}, [&](const memo&) { FAIL("there is no key"); }));

    memory_storage<record<no_key, measured>> unkeyed{};
    for (const auto start : {1, 2, 1}) {
        record<no_key, measured> each;
        each.window.start = at(start);
        unkeyed.append(each);
    }
    CHECK(unkeyed.size() == 2);
}

TEST_CASE("memory_storage of no capacity is refused") {
    CHECK_THROWS_AS((memory_storage<result_row>{{.capacity = 0}}), std::invalid_argument);
}

TEST_CASE("windows by count that start at one time are told apart by their number") {
    using by_count = record<std::string, measured, numbered_window>;
    memory_storage<by_count> storage{};
    const auto row = [](int number, double mean) {
        by_count made;
        made.key = "a";
        made.window = {{at(5), at(6)}, static_cast<std::uint64_t>(number)};
        made.fired_by = trigger::count;
        made.result.mean = mean;
        return made;
    };
    for (const int number : {0, 1, 2}) storage.append(row(number, number));
    storage.append(row(1, 7));
    std::vector<double> means;
    CHECK(!storage.scan({.key = "a"},
                        [&](const by_count& each) { means.push_back(each.result.mean); }));
    CHECK(means == std::vector<double>{0, 7, 2});
}
