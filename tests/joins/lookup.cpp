#include <millrace/joins/lookup.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("what ends a key in a table is a function of the event") {
    const deleted_when below_zero{[](int value) { return value < 0; }};
    CHECK(below_zero.function(-1));
    CHECK_FALSE(below_zero.function(0));
    STATIC_REQUIRE(max_table_bytes{}.value == 256u * 1024 * 1024);
}
