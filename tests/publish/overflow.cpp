#include <millrace/publish/overflow.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a topic's policy is its own, or that of all others") {
    const topic_policies policies{overflow_policy::conflate,
                                  {{"bars", overflow_policy::disconnect}}};
    REQUIRE(policies.of("bars") == overflow_policy::disconnect);
    REQUIRE(policies.of("trades") == overflow_policy::conflate);
}
