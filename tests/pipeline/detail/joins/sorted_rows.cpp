#include <millrace/pipeline/detail/joins/sorted_rows.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

struct row {
    timestamp time{};
    int number = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(time, number);
    }
    friend bool operator==(const row&, const row&) = default;
};

}  // namespace

TEST_CASE("rows lie by their times, and those of one time as they came") {
    const unsigned seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    detail::sorted_rows<row> rows;
    std::vector<row> right;
    const auto draw = [&] { return at_ms(static_cast<long long>(random() % 50) - 25); };
    for (int i = 0; i < 20'000; ++i) {
        // It grows to some hundreds, and is emptied again.
        const bool grows = i / 1000 % 2 == 0;
        if (random() % 3 != (grows ? 0 : 1) && (grows || right.empty())) {
            const row one{draw(), i};
            REQUIRE(rows.insert(one) == one);
            right.insert(std::ranges::upper_bound(right, one.time, {}, &row::time), one);
        } else if (!right.empty()) {
            REQUIRE(rows.front() == right.front());
            rows.pop_front();
            right.erase(right.begin());
        }
        REQUIRE(rows.size() == right.size());
        REQUIRE(rows.empty() == right.empty());
        const timestamp from = draw(), to = draw();
        if (i % 10 == 0) {
            std::vector<row> found;
            rows.for_each_within(from, to, [&](const row& one) { found.push_back(one); });
            std::vector<row> within;
            std::ranges::copy_if(right, std::back_inserter(within), [&](const row& one) {
                return one.time >= from && one.time <= to;
            });
            REQUIRE(found == within);
        }
        const auto behind = std::ranges::upper_bound(right, from, {}, &row::time);
        const row* const last = rows.last_until(from);
        REQUIRE((last == nullptr) == (behind == right.begin()));
        if (last != nullptr) REQUIRE(*last == behind[-1]);
        const auto at = std::ranges::lower_bound(right, from, {}, &row::time);
        const row* const first = rows.first_from(from);
        REQUIRE((first == nullptr) == (at == right.end()));
        if (first != nullptr) REQUIRE(*first == *at);
        REQUIRE(rows.second_time() == (right.size() < 2 ? timestamp::max() : right[1].time));
        if (random() % 500 == 0) {
            detail::sorted_rows<row> loaded;
            REQUIRE_FALSE(load(save(rows), loaded));
            rows = std::move(loaded);
        }
    }
}

TEST_CASE("rows that were saved out of order are an error") {
    detail::sorted_rows<row> rows;
    rows.insert({at_ms(1), 1});
    rows.insert({at_ms(2), 2});
    std::string bytes = save(rows);
    bytes[8 + 6] = 1;  // the first one's time, far ahead
    detail::sorted_rows<row> loaded;
    CHECK(load(bytes, loaded) == errc::archive_corrupt);
}

TEST_CASE("many rows in the reverse order of their times are no burden") {
    detail::sorted_rows<row> rows;
    for (int i = 0; i < 100'000; ++i) rows.insert({at_ms(-i), i});  // seconds, were all moved
    CHECK(rows.front().number == 99'999);
    CHECK(rows.back().number == 0);
    CHECK(rows.bytes() < 100'000 * sizeof(row) * 4);
}
