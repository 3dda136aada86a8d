#include <millrace/pipeline/key_limits.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("no key at all is refused, and the last policy holds") {
    key_limits limits;
    CHECK(limits.key_limit == 1'000'000);
    CHECK_FALSE(limits.evicts);
    CHECK_THROWS_WITH(limits.set(max_keys{0}, "process"), "process: max_keys must not be 0");
    CHECK(limits.key_limit == 1'000'000);
    limits.set(evict_least_recent, "process");
    CHECK(limits.evicts);
    limits.set(refuse_new_keys, "process");
    CHECK_FALSE(limits.evicts);
}
