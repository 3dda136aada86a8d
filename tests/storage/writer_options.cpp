#include <millrace/storage/writer_options.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a result says by default that all was written") {
    const detail::write_result result;
    CHECK(!result.error);
    CHECK(result.refused == 0);
    CHECK(result.text.empty());
}
