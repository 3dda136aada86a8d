#include <millrace/transport/reserve_descriptor.hpp>

#include <utility>

#include "catch.hpp"

using millrace::detail::reserve_descriptor;

namespace {

/// The lowest descriptor that is free.
int next_descriptor() {
    const int found = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(found);
    return found;
}

}  // namespace

TEST_CASE("a reserve descriptor is held, given up and taken again") {
    const int before = next_descriptor();
    reserve_descriptor reserve;
    REQUIRE(reserve.is_held());
    REQUIRE(next_descriptor() != before);
    reserve.release();
    REQUIRE(!reserve.is_held());
    REQUIRE(next_descriptor() == before);
    reserve.take();
    reserve.take();
    REQUIRE(reserve.is_held());
}

TEST_CASE("a moved reserve descriptor is closed once") {
    const int before = next_descriptor();
    {
        reserve_descriptor first;
        reserve_descriptor second{std::move(first)};
        REQUIRE(second.is_held());
        reserve_descriptor third;
        third = std::move(second);
    }
    REQUIRE(next_descriptor() == before);
}
