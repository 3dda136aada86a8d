#include <millrace/core/detail/tzif.hpp>

#include <random>
#include <set>

#include "catch.hpp"
#include "zone_data.hpp"

using namespace millrace;
using detail::offset_table, detail::tzif_reader;

namespace {

constexpr std::int64_t of_2026 = 1'767'225'600, hour = 3'600, day = 24 * hour;

/// Seconds at which something may change, up to the limits.
std::vector<std::int64_t> instants() {
    std::vector<std::int64_t> all;
    for (auto at = offset_table::earliest; at < offset_table::latest; at += 29 * day + 5 * hour)
        all.push_back(at);
    all.push_back(offset_table::latest);
    return all;
}

std::string refusal(std::string_view bytes) {
    // In memory that ends where the bytes do, so that a sanitizer sees a look beyond.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    try {
        const auto table = tzif_reader::read({exact.data(), exact.size()});
        for (const auto at : {offset_table::earliest, std::int64_t{0}, offset_table::latest})
            (void)table.first_at(at + table.offset_at(at));
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

}  // namespace

TEST_CASE("files with and without what the footer says are read alike") {
    const auto slim = tzif_reader::read(bytes_of("Europe/Berlin"));
    const auto fat = tzif_reader::read(bytes_of("fat/Berlin"));
    CHECK(slim.size() == fat.size());
    for (const auto at : instants()) REQUIRE(slim.offset_at(at) == fat.offset_at(at));
}

TEST_CASE("where leap seconds are counted, the clocks change at the same instants") {
    // Such a file has no footer, and ends where no more leap seconds are known, in June 2026.
    const auto without = tzif_reader::read(bytes_of("fat/Berlin"));
    const auto with = tzif_reader::read(bytes_of("right/Berlin"));
    std::size_t changes = 0;
    for (std::int64_t at = -2'340'000'000; at < 1'782'604'800; at += day) {
        if (without.offset_at(at) == without.offset_at(at + day)) continue;
        ++changes;
        for (std::int64_t each = at; each < at + day; each += 100)
            REQUIRE(with.offset_at(each) == without.offset_at(each));
    }
    CHECK(changes > 110);
}

TEST_CASE("a file of version 1 ends with its last change") {
    std::string first = bytes_of("fat/Berlin");
    first.resize(first.find("TZif", 4));
    first[4] = '\0';
    const auto table = tzif_reader::read(first), whole = tzif_reader::read(bytes_of("fat/Berlin"));
    for (std::int64_t at = -1'600'000'000; at < 2'130'000'000; at += 10 * day)
        REQUIRE(table.offset_at(at) == whole.offset_at(at));
    CHECK(table.offset_at(4'086'979'200) == hour);  // the summer of 2099
    CHECK(whole.offset_at(4'086'979'200) == 2 * hour);
}

TEST_CASE("files of versions 2, 3, 4 and those to come differ in nothing that is read here") {
    std::string file = bytes_of("Europe/Berlin");
    for (const char version : {'2', '3', '4', '5'}) {
        file[4] = file[file.find("TZif", 4) + 4] = version;
        CHECK(refusal(file) == "");
    }
}

TEST_CASE("without a footer the last offset holds, and a footer alone holds for all times") {
    CHECK(tzif_reader::read(tzif_of(0, {{1'000, 60}}, "")).offset_at(of_2026) == 60);
    CHECK(tzif_reader::read(tzif_of(-5 * hour, {}, "EST5")).size() == 1);
    const auto table = tzif_reader::read(tzif_of(-5 * hour, {}, "EST5EDT,M3.2.0,M11.1.0"));
    CHECK(table.offset_at(-8'630'000'000) == -4 * hour);  // July 1696
    CHECK(table.offset_at(9'220'000'000) == -5 * hour);   // March 2262
    CHECK(table.offset_at(offset_table::earliest) == -4 * hour);
}

TEST_CASE("daylight saving time all year, as RFC 9636 writes it") {
    for (const char* rule : {"XXX3EDT4,0/0,J365/23", "<-03>3<-04>4,0/0,J365/23"}) {
        const auto table = tzif_reader::read(tzif_of(-4 * hour, {}, rule));
        CHECK(table.size() == 1);
        CHECK(table.offset_at(of_2026) == -4 * hour);
        CHECK(table.offset_at(of_2026 + 3 * hour) == -4 * hour);
    }
}

TEST_CASE("changes beyond what a timestamp holds are no others") {
    const auto table = tzif_reader::read(
        tzif_of(1, {{INT64_MIN, 2}, {-10'000'000'000, 3}, {0, 4}, {INT64_MAX, 5}}, "AAA0"));
    CHECK(table.size() == 2);
    CHECK(table.offset_at(-1) == 3);
    CHECK(table.offset_at(offset_table::latest) == 4);
}

TEST_CASE("what is wrong with a file is said") {
    const std::string right = tzif_of(0, {{10, hour}, {20, 0}}, "AAA0");
    REQUIRE(refusal(right) == "");
    CHECK(refusal("") == "it is no TZif file");
    CHECK(refusal("# tzdb links") == "it is no TZif file");
    CHECK(refusal(right.substr(0, 53)) == "it is no TZif file");
    CHECK(refusal(right.substr(0, 100)) == "it is cut off");
    CHECK(refusal(right.substr(0, right.size() - 6)) == "it is cut off");
    CHECK(refusal(right.substr(0, right.size() - 5)) == "its footer is cut off");
    CHECK(refusal(tzif_of(0, {}, "Europe/Berlin")) == "its footer is no TZ string");
    CHECK(refusal(tzif_of(0, {{20, hour}, {10, 0}}, "")) == "its times are not in order");
    CHECK(refusal(tzif_of(0, {{20, hour}, {20, 0}}, "")) == "its times are not in order");
    CHECK(refusal(tzif_of(26 * hour, {}, "")) == "its local time is more than a day away from UTC");
    std::string broken = right;
    broken[right.find("TZif", 4) + 44 + 16] = 3;
    CHECK(refusal(broken) == "it refers to a local time that it has not");
    broken = right;
    broken.replace(right.find("TZif", 4) + 36, 4, 4, '\0');
    CHECK(refusal(broken) == "it has no local time");
    broken.replace(right.find("TZif", 4) + 20, 24, 24, '\xff');
    CHECK(refusal(broken) == "it is cut off");
}

TEST_CASE("damaged files are refused or read, and nothing beyond them is") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    std::set<std::string> refusals;
    for (const char* name : {"Europe/Berlin", "Pacific/Kwajalein", "right/Berlin"}) {
        const std::string whole = bytes_of(name);
        for (std::size_t size = 0; size < whole.size(); size += 1 + size / 300)
            REQUIRE_FALSE(refusal(std::string_view{whole}.substr(0, size)).empty());
        for (int i = 0; i < 3'000; ++i) {
            std::string damaged = whole;
            // The headers are small, and most of what can be wrong is in them.
            const std::size_t below = i % 2 == 0 ? whole.size() : 140;
            for (std::size_t flips = 1 + random() % 4; flips > 0; --flips)
                damaged[random() % below] = static_cast<char>(random());
            refusals.insert(refusal(damaged));
        }
    }
    CHECK(refusals.size() >= 5);
}
