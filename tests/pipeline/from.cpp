#include <millrace/pipeline/from.hpp>

#include "catch.hpp"
#include "trade.hpp"

TEST_CASE("from has a name, a codec and its limits") {
    const auto source = millrace::from<trade>("trades", {.max_depth = 3});
    CHECK(source.name == "trades");
    CHECK(source.limits.max_depth == 3);
    STATIC_REQUIRE(std::same_as<decltype(source)::codec_type, millrace::json>);
    STATIC_REQUIRE(std::same_as<decltype(source)::event_type, trade>);
}
