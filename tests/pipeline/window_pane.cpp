#include <millrace/pipeline/window_pane.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

using pane = detail::window_pane<std::string, count>;

TEST_CASE("a pane takes the times from its start to before its end") {
    pane one{{at_ms(10), at_ms(20)}};
    CHECK_FALSE(one.takes(at_ms(10) - duration{1}));
    CHECK(one.takes(at_ms(10)));
    CHECK(one.takes(at_ms(20) - duration{1}));
    CHECK_FALSE(one.takes(at_ms(20)));
}

TEST_CASE("a spare pane is as good as new") {
    detail::spare_panes<pane> spares;
    pane used = spares.take({at_ms(0), at_ms(1)});
    used.cells.add(std::string{"a"});
    used.is_fired = true;
    used.met = 1;
    spares.put(std::move(used));
    pane again = spares.take({at_ms(1), at_ms(2)});
    CHECK(again.bounds() == window_bounds{at_ms(1), at_ms(2)});
    CHECK(again.cells.size() == 0);
    CHECK(again.cells.find(std::string{"a"}) == nullptr);
    CHECK_FALSE(again.is_fired);
    CHECK(again.met == 0);
}

TEST_CASE("a loaded pane has met what had fired, and no pane without a span is loaded") {
    pane one{{at_ms(10), at_ms(20)}};
    one.cells.add(std::string{"a"});
    one.met = 2;
    pane broken;
    CHECK(load(save(one), broken) == errc::archive_corrupt);
    one.met = 1;
    pane other;
    REQUIRE_FALSE(load(save(one), other));
    CHECK(other.met == 1);
    one.set_bounds({at_ms(10), at_ms(10)});
    CHECK(load(save(one), other) == errc::archive_corrupt);
}
