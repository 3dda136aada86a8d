#include <millrace/endpoint/detail/address_counts.hpp>

#include "catch.hpp"

using millrace::detail::address_counts;

TEST_CASE("an address may enter so many times, and again for each that leaves") {
    address_counts counts;
    REQUIRE(counts.enter("a", 2));
    REQUIRE(counts.enter("a", 2));
    REQUIRE(!counts.enter("a", 2));
    REQUIRE(counts.enter("b", 2));
    counts.leave("a");
    REQUIRE(counts.enter("a", 2));
    REQUIRE(!counts.enter("a", 2));
}
