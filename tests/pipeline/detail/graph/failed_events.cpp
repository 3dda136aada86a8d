#include <millrace/pipeline/detail/graph/failed_events.hpp>

#include "catch.hpp"

TEST_CASE("an event fails once a batch") {
    millrace::detail::failed_events failed;
    failed.begin_event();
    const auto first = failed.in_hand();
    failed.begin_event();
    CHECK(failed.in_hand() != first);
    CHECK(failed.note(first));
    CHECK(failed.note(failed.in_hand()));
    CHECK_FALSE(failed.note(first));
    failed.end_batch();
    CHECK(failed.note(first));
}
