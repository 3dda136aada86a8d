#include <millrace/core/stage.hpp>

#include "catch.hpp"

namespace {

struct part : millrace::stage {};
struct other {};

}  // namespace

TEST_CASE("pipeline_stage is what derives from stage") {
    STATIC_REQUIRE(millrace::pipeline_stage<part>);
    STATIC_REQUIRE_FALSE(millrace::pipeline_stage<other>);
    STATIC_REQUIRE_FALSE(millrace::pipeline_stage<int>);
}
