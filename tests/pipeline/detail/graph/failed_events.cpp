#include <millrace/pipeline/detail/graph/failed_events.hpp>

#include "catch.hpp"

TEST_CASE("an event fails once, until it is forgotten") {
    millrace::detail::failed_events failed;
    failed.begin_event();
    const auto first = failed.in_hand();
    failed.begin_event();
    CHECK(failed.in_hand() != first);
    CHECK(failed.note(first));
    CHECK(failed.note(failed.in_hand()));
    CHECK_FALSE(failed.note(first));
    failed.forget_before(failed.in_hand());
    CHECK_FALSE(failed.empty());
    CHECK_FALSE(failed.note(failed.in_hand()));
    CHECK(failed.note(first));
    failed.forget_before(failed.in_hand() + 1);
    CHECK(failed.empty());
}
