#include <millrace/pipeline/detail/windows/event_tally.hpp>

#include <type_traits>

#include "catch.hpp"

using namespace millrace::detail;

TEST_CASE("events are counted only where some may be taken back") {
    event_tally<true> tally;
    CHECK(tally.none());
    tally.add();
    CHECK_FALSE(tally.none());
    tally.remove();
    CHECK(tally.none());
    STATIC_REQUIRE(std::is_empty_v<event_tally<false>>);
    CHECK_FALSE(event_tally<false>{}.none());
}
