#include <millrace/operators/filter.hpp>

#include <vector>

#include "catch.hpp"

TEST_CASE("filter lets through what its predicate holds for") {
    auto even = millrace::filter([](int x) { return x % 2 == 0; });
    STATIC_REQUIRE(millrace::stream_operator<decltype(even), int>);
    std::vector<int> out;
    for (int x = 0; x < 6; ++x) even.apply(x, [&](int each) { out.push_back(each); });
    CHECK(out == std::vector{0, 2, 4});
}

TEST_CASE("filter takes a member as its predicate") {
    struct order {
        int id;
        bool is_paid;
    };
    auto paid = millrace::filter(&order::is_paid);
    std::vector<int> out;
    for (const order& each : {order{1, true}, order{2, false}, order{3, true}}) {
        paid.apply(each, [&](const order& kept) { out.push_back(kept.id); });
    }
    CHECK(out == std::vector{1, 3});
}
