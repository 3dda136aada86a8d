#include <millrace/pipeline/key_limits.hpp>

#include <stdexcept>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("no key at all is refused, and the last policy holds") {
    key_limits limits;
    CHECK(limits.key_limit == 1'000'000);
    CHECK_FALSE(limits.evicts);
    CHECK_THROWS_AS(limits.set(max_keys{0}), std::invalid_argument);
    CHECK(limits.key_limit == 1'000'000);
    limits.set(evict_least_recent);
    CHECK(limits.evicts);
    limits.set(refuse_new_keys);
    CHECK_FALSE(limits.evicts);
}
