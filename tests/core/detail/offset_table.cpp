#include <millrace/core/detail/offset_table.hpp>

#include <random>

#include "catch.hpp"

using millrace::detail::offset_table;

TEST_CASE("an offset holds from its second on") {
    offset_table table{3'600};
    table.add(1'000'000, 7'200);
    CHECK(table.offset_at(offset_table::earliest) == 3'600);
    CHECK(table.offset_at(999'999) == 3'600);
    CHECK(table.offset_at(1'000'000) == 7'200);
    CHECK(table.offset_at(offset_table::latest) == 7'200);
}

TEST_CASE("what changes nothing takes no room, and of two changes at one time the second holds") {
    offset_table table{0};
    table.add(10, 0);
    table.add(20, 60);
    table.add(20, 90);
    table.add(offset_table::latest + 1, 120);
    CHECK(table.size() == 2);
    CHECK(table.offset_at(20) == 90);
    table = offset_table{0};
    table.add(offset_table::earliest - 1, 30);
    CHECK(table.size() == 1);
    CHECK(table.offset_at(offset_table::earliest) == 30);
}

TEST_CASE("a local time is first shown when a walk through the changes says so") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    for (int round = 0; round < 300; ++round) {
        struct span {
            std::int64_t at, offset;
        };
        std::vector<span> spans{{offset_table::earliest, below(40) - 20}};
        offset_table table{static_cast<std::int32_t>(spans[0].offset)};
        for (std::int64_t at = below(30) - 50; spans.size() < 12; at += 1 + below(30)) {
            spans.push_back({at, below(40) - 20});
            table.add(at, static_cast<std::int32_t>(spans.back().offset));
        }
        for (std::int64_t local = -100; local < 400; ++local) {
            std::int64_t first = spans[0].at - 1;
            bool is_shown = false;
            for (std::size_t i = 0; i < spans.size() && first < spans[0].at; ++i) {
                const auto end = i + 1 < spans.size() ? spans[i + 1].at : offset_table::latest;
                if (end + spans[i].offset <= local) continue;
                is_shown = spans[i].at + spans[i].offset <= local;
                first = is_shown ? local - spans[i].offset : spans[i].at;
            }
            const auto found = table.first_at(local);
            REQUIRE(found.second == first);
            REQUIRE(found.is_shown == is_shown);
        }
    }
}
