#include <millrace/operators/flat_map.hpp>

#include <array>
#include <span>
#include <vector>

#include "catch.hpp"

TEST_CASE("flat_map replaces an event by none, one or several") {
    auto repeat = millrace::flat_map([](int x) { return std::vector<int>(std::size_t(x), x); });
    STATIC_REQUIRE(std::same_as<decltype(repeat)::output<int>, int>);
    std::vector<int> out;
    for (const int x : {2, 0, 1}) repeat.apply(x, [&](int each) { out.push_back(each); });
    CHECK(out == std::vector{2, 2, 1});
}

TEST_CASE("flat_map takes an array and a view") {
    auto both = millrace::flat_map([](int x) { return std::array{x, -x}; });
    int sum = 0, count = 0;
    both.apply(5, [&](int each) { sum += each, ++count; });
    CHECK((sum == 0 && count == 2));

    const std::vector<int> stored{3, 4};
    auto all = millrace::flat_map([&](int) { return std::span{stored}; });
    all.apply(0, [&](int each) { sum += each; });
    CHECK(sum == 7);
}
