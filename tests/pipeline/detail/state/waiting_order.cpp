#include <millrace/pipeline/detail/state/waiting_order.hpp>

#include <map>
#include <random>
#include <string>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("events that wait come out by time, and as they came where that is equal") {
    const unsigned seed = Catch::rngSeed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    detail::waiting_order<trade> order{1 << 20};
    std::multimap<timestamp, double> right;
    std::multimap<timestamp, std::size_t> texts;
    double count = 0;
    for (int i = 0; i < 3000; ++i) {
        if (right.empty() || random() % 2 == 0) {
            const timestamp time = at_ms(static_cast<long long>(random() % 20) - 10);
            const std::string symbol(random() % 30, 'x');
            order.add({symbol, ++count, 1, time}, time);
            right.emplace(time, count);
            texts.emplace(time, symbol.size());
        } else {
            REQUIRE(order.earliest() == right.begin()->first);
            REQUIRE_FALSE(order.has_before(right.begin()->first));
            REQUIRE(order.has_before(right.begin()->first + duration{1}));
            order.release_first([&](const trade& event, timestamp time) {
                REQUIRE(time == right.begin()->first);
                REQUIRE(event.price == right.begin()->second);
            });
            right.erase(right.begin());
            texts.erase(texts.begin());
        }
        REQUIRE(order.size() == right.size());
        std::size_t bytes = right.size() * sizeof(detail::kept_event<trade>);
        for (const auto& [time, size] : texts) bytes += size;
        REQUIRE(order.waiting_bytes() == bytes);
        if (random() % 100 == 0) {
            output_archive out;
            out(order);
            detail::waiting_order<trade> loaded{1 << 20};
            input_archive in{out.bytes()};
            in(loaded);
            REQUIRE(in.ok());
            order = std::move(loaded);
        }
    }
    CHECK(order.bytes() >= order.size() * sizeof(trade));
}

TEST_CASE("an event goes also where what is done with it throws") {
    detail::waiting_order<trade> order{1 << 20};
    order.add({"a", 1, 1, at_ms(1)}, at_ms(1));
    CHECK_THROWS_AS(order.release_first([](const trade&, timestamp) { throw 1; }), int);
    CHECK(order.empty());
    CHECK(order.waiting_bytes() == 0);
}
