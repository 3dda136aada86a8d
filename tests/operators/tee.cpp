#include <millrace/operators/tee.hpp>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>

#include "catch.hpp"

TEST_CASE("tee keeps its branches in order") {
    auto both = millrace::tee(millrace::filter([](int x) { return x > 0; }),
                              millrace::map([](int x) { return -x; }));
    STATIC_REQUIRE(millrace::pipeline_stage<decltype(both)>);
    CHECK(both.first.predicate(1));
    CHECK(both.second.function(1) == -1);
}
