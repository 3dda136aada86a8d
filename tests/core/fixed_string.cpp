#include <millrace/core/fixed_string.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

template <fixed_string Name>
struct tagged {
    static constexpr std::string_view name = Name;
};

}  // namespace

TEST_CASE("fixed_string carries a literal as a template argument") {
    CHECK(tagged<"price">::name == "price");
    CHECK(tagged<"">::name.empty());
    STATIC_REQUIRE(std::is_same_v<tagged<"a">, tagged<"a">>);
    STATIC_REQUIRE_FALSE(std::is_same_v<tagged<"a">, tagged<"b">>);
    STATIC_REQUIRE_FALSE(std::is_same_v<tagged<"a">, tagged<"ab">>);
}

TEST_CASE("fixed_string joins") {
    constexpr auto joined = fixed_string{"low"} + fixed_string{"_"} + fixed_string{"price"};
    STATIC_REQUIRE(joined.view() == "low_price");
    CHECK(std::string_view{joined} == "low_price");
    CHECK(tagged<fixed_string{"a"} + fixed_string{""}>::name == "a");
}
