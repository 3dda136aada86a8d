#include <millrace/windows/window.hpp>

#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"

TEST_CASE("an assigner needs assign and size") {
    struct no_size {
        millrace::window_bounds assign(millrace::timestamp) const { return {}; }
    };
    STATIC_REQUIRE(millrace::window_assigner<millrace::tumbling>);
    STATIC_REQUIRE_FALSE(millrace::window_assigner<no_size>);
}
