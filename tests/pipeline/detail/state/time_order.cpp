#include <millrace/pipeline/detail/state/time_order.hpp>

#include <map>
#include <random>
#include <string>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("what waits comes out by time, and as it came where that is equal") {
    const unsigned seed = Catch::rngSeed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    detail::time_order<trade> order;
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
            const auto [event, time] = order.take();
            REQUIRE(time == right.begin()->first);
            REQUIRE(event.value().price == right.begin()->second);
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
            detail::time_order<trade> loaded;
            input_archive in{out.bytes()};
            in(loaded);
            REQUIRE(in.ok());
            order = std::move(loaded);
        }
    }
    CHECK(order.bytes() >= order.size() * sizeof(trade));
}

TEST_CASE("a saved order that cannot be is an error") {
    detail::time_order<trade> order;
    for (const int ms : {1, 2}) order.add({"", 1, 1, at_ms(ms)}, at_ms(ms));
    output_archive out;
    out(order);
    std::string bytes = out.bytes();
    const auto error_of = [](const std::string& saved) {
        detail::time_order<trade> loaded;
        input_archive in{saved};
        in(loaded);
        return in.error();
    };
    CHECK_FALSE(error_of(bytes));
    std::string unordered = bytes;
    unordered[8 + 6] = 1;  // the first one's time, far ahead
    CHECK(error_of(unordered) == errc::archive_corrupt);
    std::string counted = bytes;
    counted[bytes.size() - 8] = 1;
    CHECK(error_of(counted) == errc::archive_corrupt);
}
