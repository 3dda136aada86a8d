#include <millrace/core/event_time.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("an event's time is its event_time field") {
    CHECK(time_of(trade{"A", 1, 2, at_ms(7)}) == at_ms(7));
}

TEST_CASE("a record's time is the start of its window") {
    record<std::string, named_value<"x", double>> row;
    row.window = {at_ms(1000), at_ms(2000)};
    CHECK(time_of(row) == at_ms(1000));
}

TEST_CASE("a type without either has no time") {
    STATIC_REQUIRE_FALSE(timed<named_value<"x", double>>);
    STATIC_REQUIRE_FALSE(timed<int>);
}
