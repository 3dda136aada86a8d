#include <millrace/pipeline/process.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/storage/memory.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("process takes its storage's settings") {
    CHECK(process<count, memory_storage>({.capacity = 7}).options.capacity == 7);
    STATIC_REQUIRE(pipeline_stage<decltype(process<count>())>);
}

TEST_CASE("records go on under their key, whose name they keep") {
    const auto keyed = event_stream<trade, unkeyed, shared_time>{}.keyed_by(key_by(&trade::symbol));
    const auto counted = process<count>().output(keyed);
    CHECK(counted.key.name == "symbol");
    record<std::string, result_of<count>> row;
    row.key = "A";
    CHECK(project(counted.key.projection, row) == "A");
}
