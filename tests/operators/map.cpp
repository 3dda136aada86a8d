#include <millrace/operators/map.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

TEST_CASE("map replaces each event by its function's result") {
    auto text = millrace::map([](int x) { return std::to_string(x); });
    STATIC_REQUIRE(std::same_as<decltype(text)::output<int>, std::string>);
    std::vector<std::string> out;
    for (const int x : {1, 20}) text.apply(x, [&](const std::string& s) { out.push_back(s); });
    CHECK(out == std::vector<std::string>{"1", "20"});
}

TEST_CASE("map's function may keep state") {
    auto running = millrace::map([sum = 0](int x) mutable { return sum += x; });
    std::vector<int> out;
    for (const int x : {1, 2, 3}) running.apply(x, [&](int s) { out.push_back(s); });
    CHECK(out == std::vector{1, 3, 6});
}
