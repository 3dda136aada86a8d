#include <millrace/storage/null.hpp>

#include "catch.hpp"
#include "rows.hpp"

using namespace millrace;

static_assert(storage<null_storage<result_row>, result_row>);

TEST_CASE("null_storage keeps nothing and never fails") {
    null_storage<result_row> storage{{}, "topic", "key"};
    CHECK(!storage.append(numbered(1)));
    CHECK(!storage.flush());
    CHECK(scanned(storage).empty());
    CHECK(storage.stats().appended == 1);
    CHECK(storage.stats().dropped == 0);
}
