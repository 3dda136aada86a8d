#include <millrace/pipeline/detail/state/time_order.hpp>

#include <map>
#include <random>
#include <string>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("what waits comes out by time, and as it came where that is equal") {
    const unsigned seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    detail::time_order<int> order;
    std::multimap<timestamp, int> right;
    long long now = 0;
    for (int i = 0; i < 5000; ++i) {
        if (right.empty() || random() % 2 == 0) {
            // In order for a while, then out of it.
            now += static_cast<long long>(random() % 3);
            const long long back = i / 500 % 2 == 0 ? 0 : static_cast<long long>(random() % 20);
            const timestamp time = at_ms(now - back);
            if (random() % 2 == 0) order.make_room();
            order.add(time, i);
            right.emplace(time, i);
        } else {
            REQUIRE(order.earliest() == right.begin()->first);
            REQUIRE_FALSE(order.has_before(right.begin()->first));
            REQUIRE(order.has_before(right.begin()->first + duration{1}));
            REQUIRE(order.take() == std::pair{right.begin()->second, right.begin()->first});
            right.erase(right.begin());
        }
        REQUIRE(order.size() == right.size());
        REQUIRE(order.empty() == right.empty());
        if (random() % 100 == 0) {
            std::multimap<timestamp, int> all;
            order.for_each([&](int value, timestamp time) { all.emplace(time, value); });
            REQUIRE(all.size() == right.size());
            detail::time_order<int> loaded;
            REQUIRE_FALSE(load(save(order), loaded));
            order = std::move(loaded);
        }
    }
    CHECK(order.bytes() >= order.size() * sizeof(int));
}

TEST_CASE("a saved order that cannot be is an error") {
    detail::time_order<int> order;
    for (const int ms : {1, 2, 1}) order.add(at_ms(ms), ms);
    const std::string good = save(order);
    const auto error_of = [](const std::string& saved) {
        detail::time_order<int> loaded;
        return load(saved, loaded);
    };
    CHECK_FALSE(error_of(good));
    std::string unordered = good;
    unordered[8 + 6] = 1;  // the first one's time, far ahead
    CHECK(error_of(unordered) == errc::archive_corrupt);
    std::string counted = good;
    counted[good.size() - 8] = 1;  // how many came, fewer than are there
    CHECK(error_of(counted) == errc::archive_corrupt);
}
