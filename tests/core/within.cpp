#include <millrace/core/within.hpp>

#include "catch.hpp"

TEST_CASE("what is near is said by a duration") {
    CHECK(millrace::within{std::chrono::seconds{5}}.value == millrace::duration{5'000'000'000});
}
