#include <millrace/windows/window.hpp>

#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"

namespace {

struct whole_time {
    millrace::window_bounds assign(millrace::timestamp) const {
        return {millrace::timestamp::min(), millrace::timestamp::max()};
    }
};
struct no_assigner {};

}  // namespace

TEST_CASE("an assigner needs assign, and no more") {
    STATIC_REQUIRE(millrace::window_assigner<millrace::tumbling<>>);
    STATIC_REQUIRE(millrace::window_assigner<whole_time>);
    STATIC_REQUIRE_FALSE(millrace::window_assigner<no_assigner>);
}
