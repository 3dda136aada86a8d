#include <millrace/publish/detail/history_request.hpp>

#include <chrono>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using request = detail::history_request;

constexpr detail::history_limits limits{.default_rows = 1'000, .max_rows = 10'000};

detail::history_query parse(const request& asked, detail::history_limits at_most = limits) {
    return detail::parse(asked, topic{"bars", "symbol"}, at_most);
}

}  // namespace

TEST_CASE("a request's parameters become a query") {
    const auto all = parse({});
    REQUIRE(all.wrong.empty());
    REQUIRE(!all.query.key);
    REQUIRE(all.query.from == timestamp::min());
    REQUIRE(all.query.to == timestamp::max());
    REQUIRE(all.query.limit == limits.default_rows);

    const auto some =
        parse({.key = "ACME", .from = "1970-01-01T00:00:01Z", .to = "2500", .limit = "7"});
    REQUIRE(some.wrong.empty());
    REQUIRE(some.query.key == "ACME");
    REQUIRE(some.query.from == timestamp{1s});
    REQUIRE(some.query.to == timestamp{2500ms});
    REQUIRE(some.query.limit == 7);
    REQUIRE(parse({.from = "-1"}).query.from == timestamp{-1ms});
    REQUIRE(parse({.limit = "18446744"}).query.limit == limits.max_rows);
    REQUIRE(parse({}, {.default_rows = 9, .max_rows = 5}).query.limit == 5);
}

TEST_CASE("a parameter that is wrong is named") {
    REQUIRE(parse({.from = "yesterday"}).wrong == "from");
    REQUIRE(parse({.from = ""}).wrong == "from");
    REQUIRE(parse({.to = "2015-13-01T00:00:00Z"}).wrong == "to");
    REQUIRE(parse({.to = "9223372036854775807"}).wrong == "to");
    REQUIRE(parse({.limit = "0"}).wrong == "limit");
    REQUIRE(parse({.limit = "-1"}).wrong == "limit");
    REQUIRE(parse({.limit = "1x"}).wrong == "limit");
    REQUIRE(parse({.limit = "99999999999999999999"}).wrong == "limit");
}

TEST_CASE("a key is asked for in the form that the topic's records have") {
    const topic numbered{"bars", "id", overflow_policy::drop_oldest, &canonical_key<int>};
    REQUIRE(detail::parse({.key = "007"}, numbered, limits).query.key == "7");
    REQUIRE(detail::parse({.key = "seven"}, numbered, limits).wrong == "key");
}
