#include <millrace/pipeline/detail/closing/closing_pace.hpp>

#include "catch.hpp"

using millrace::detail::closing_pace;

TEST_CASE("a turn's windows may close until they are spent or a storage has no room") {
    bool has_room = false;
    const auto asked = [&] { return has_room; };
    closing_pace pace;
    CHECK(pace.take(asked));  // nobody waits for room
    pace = {.left = 2, .waits_for_room = true};
    CHECK_FALSE(pace.take(asked));
    CHECK(pace.is_behind);
    has_room = true;
    CHECK(pace.take(asked));
    CHECK_FALSE(pace.is_behind);
    CHECK(pace.take(asked));
    CHECK_FALSE(pace.take(asked));
    CHECK(pace.is_behind);
}
