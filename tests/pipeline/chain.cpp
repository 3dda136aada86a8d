#include <millrace/pipeline/chain.hpp>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>

#include "catch.hpp"

TEST_CASE("stages join into one flat chain, whichever side they are joined from") {
    auto keep = [] { return millrace::filter([](int) { return true; }); };
    auto same = [] { return millrace::map([](int x) { return x; }); };
    auto left = (keep() | same()) | keep();
    auto right = keep() | (same() | keep());
    STATIC_REQUIRE(std::tuple_size_v<decltype(left.stages)> == 3);
    STATIC_REQUIRE(std::tuple_size_v<decltype(right.stages)> == 3);
    STATIC_REQUIRE(millrace::pipeline_stage<decltype(left)>);
}
