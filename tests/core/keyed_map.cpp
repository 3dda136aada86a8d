#include <millrace/core/keyed_map.hpp>

#include <map>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"

using millrace::detail::keyed_map;

TEST_CASE("keyed_map finds a string's entry by a view") {
    keyed_map<std::string, int> map;
    map["alpha"] = 1;
    map["a name that does not fit into a small string"] = 2;
    const std::string_view key = "alphabet";
    CHECK(map.find(key.substr(0, 5))->second == 1);
    CHECK(map.find(key) == map.end());
    CHECK(map.contains(std::string_view{"a name that does not fit into a small string"}));
}

TEST_CASE("keyed_map agrees with std::map under random use") {
    const unsigned seed = 12;
    CAPTURE(seed);
    std::mt19937 random{seed};
    keyed_map<std::string, unsigned> map;
    std::map<std::string, unsigned> naive;
    for (int round = 0; round < 50'000; ++round) {
        const std::string key = "k" + std::to_string(random() % 2'000);
        const auto value = static_cast<unsigned>(random());
        if (random() % 3 == 0) {
            REQUIRE(map.erase(key) == naive.erase(key));
        } else {
            map[key] = value;
            naive[key] = value;
        }
    }
    REQUIRE(map.size() == naive.size());
    for (const auto& [key, value] : naive) REQUIRE(map.at(key) == value);
}

TEST_CASE("keyed_map is keyed by integers and enumerations, too") {
    enum class side { left, right };
    keyed_map<side, int> sides{{side::left, 1}, {side::right, 2}};
    CHECK(sides.at(side::right) == 2);
    keyed_map<std::int64_t, int> numbers{{-1, 1}, {INT64_MAX, 2}};
    CHECK(numbers.at(-1) == 1);
}
