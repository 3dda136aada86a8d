#include <millrace/joins/asof.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("the directions of an as-of join have the names by which it says what it is") {
    constexpr auto names = schema<asof>;
    CHECK(names.name_of(asof::backward) == "backward");
    CHECK(names.name_of(asof::forward) == "forward");
    CHECK(names.name_of(asof::nearest) == "nearest");
    STATIC_REQUIRE(allow_exact_matches{}.value);
}
