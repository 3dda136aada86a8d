#include <millrace/pipeline/detail/sources/idle_watch.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("a source is idle when it is found so twice in a row, once") {
    millrace::detail::idle_watch watch;
    CHECK_FALSE(watch.look(0s, 10s));
    CHECK_FALSE(watch.look(1h, 10s));
    CHECK_FALSE(watch.look(2h, 10s));  // nothing has come ever
    watch.note_input();
    CHECK_FALSE(watch.look(2h, 10s));
    CHECK_FALSE(watch.look(2h + 9s, 10s));
    CHECK_FALSE(watch.look(3h, 10s));  // a pause of the process: input may wait
    watch.note_input();
    CHECK_FALSE(watch.look(3h + 1s, 10s));
    CHECK_FALSE(watch.look(3h + 11s, 10s));
    CHECK(watch.look(3h + 12s, 10s));
    CHECK_FALSE(watch.look(4h, 10s));
    watch.note_input();
    CHECK_FALSE(watch.look(4h, 10s));
}
