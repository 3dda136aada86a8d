#include <millrace/pipeline/detail/windows/window_table.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

using pane = detail::window_table<std::string, count>;

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

TEST_CASE("few panes are spared, and more only while they are small") {
    const auto spared_of = [](int keys) {
        detail::spare_panes<pane> spares;
        for (int i = 0; i < 100; ++i) {
            pane used{{at_ms(i), at_ms(i + 1)}};
            for (int k = 0; k < keys; ++k) used.cells.add(std::to_string(k));
            spares.put(std::move(used));
        }
        std::size_t count = 0;
        const auto is_used = [](const pane& each) {
            return each.cells.bytes() > pane{}.cells.bytes();
        };
        while (is_used(spares.take({at_ms(0), at_ms(1)}))) ++count;
        return count;
    };
    CHECK(spared_of(5) == 16);
    CHECK(spared_of(20'000) == 2);
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
