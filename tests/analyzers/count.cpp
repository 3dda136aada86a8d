#include <millrace/analyzers/count.hpp>

#include <limits>

#include "streams.hpp"

using millrace::count;

static_assert(millrace::analyzer<count, reading>);
static_assert(millrace::mergeable<count>);
static_assert([] {
    count events, more;
    events.update(1);
    more.update("two");
    events.merge(more);
    return events.result();
}() == 2);

TEST_CASE("count counts events, whatever is in them") {
    REQUIRE(count{}.result() == 0);
    count events;
    events.update(reading{std::numeric_limits<double>::quiet_NaN()});
    events.update(reading{});
    REQUIRE(events.result() == 2);
}

TEST_CASE("count of parts is the count of the whole") {
    require_merge_trees_agree<count>([](auto tree, auto pass) { return tree == pass; });
    require_empty_is_neutral<count>();
}

TEST_CASE("count survives an archive") { require_archive_keeps_every_bit<count>(); }
