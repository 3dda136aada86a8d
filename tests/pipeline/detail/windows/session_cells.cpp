#include <millrace/pipeline/detail/windows/session_cells.hpp>

#include <millrace/analyzers/count.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using cell = detail::session_cell<count>;

std::vector<cell> cells(std::vector<std::pair<int, int>> bounds) {
    std::vector<cell> made;
    for (const auto& [start, end] : bounds) made.push_back({{at_ms(start), at_ms(end)}});
    return made;
}

}  // namespace

TEST_CASE("an event finds the sessions that it joins") {
    const auto check = [](const std::vector<cell>& in, session window, int ms, int start, int end,
                          std::size_t first, std::size_t last) {
        const detail::session_place at = detail::place_in(in, window, at_ms(ms));
        CHECK(at.bounds == window_bounds{at_ms(start), at_ms(end)});
        CHECK(at.first == first);
        CHECK(at.last == last);
    };
    const auto two = cells({{0, 5}, {8, 13}});
    const session gap{5ms};
    check({}, gap, -3, -3, 2, 0, 0);
    check(two, gap, -5, -5, 0, 0, 0);  // touches
    check(two, gap, -4, -4, 5, 0, 1);
    check(two, gap, 3, 0, 8, 0, 1);
    check(two, gap, 4, 0, 13, 0, 2);
    check(two, gap, 5, 5, 13, 1, 2);
    check(two, gap, 12, 8, 17, 1, 2);
    check(two, gap, 13, 13, 18, 2, 2);

    const session short_ones{5ms, 9ms};
    check(two, short_ones, 4, 0, 8, 0, 1);  // 13 would be too long
    check(two, short_ones, 5, 5, 13, 1, 2);
    check(two, short_ones, 12, 8, 17, 1, 2);
    check(cells({{0, 7}, {8, 17}}), short_ones, 7, 7, 8, 1, 1);  // between two that are full
}

TEST_CASE("saved sessions must be in order, and must not overlap or be empty") {
    CHECK(detail::are_sessions(cells({})));
    CHECK(detail::are_sessions(cells({{0, 5}, {5, 10}})));
    CHECK(!detail::are_sessions(cells({{0, 6}, {5, 10}})));
    CHECK(!detail::are_sessions(cells({{5, 10}, {0, 5}})));
    CHECK(!detail::are_sessions(cells({{0, 0}})));
}
