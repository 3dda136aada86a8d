#include <millrace/pipeline/process.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/storage/memory.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("process and detect take their storage's settings") {
    CHECK(process<count, memory_storage>({.capacity = 7}).options.capacity == 7);
    CHECK(detect<ewma_zscore<at<"mean">>, memory_storage>({.capacity = 8}).options.capacity == 8);
    STATIC_REQUIRE(pipeline_stage<decltype(process<count>())>);
}
