#include <millrace/pipeline/key_limit.hpp>

#include <millrace/operators/filter.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("the keys that every event reaches stand before what changes or filters the stream") {
    const auto by = key_by(&trade::symbol, max_key_bytes{2});
    const auto wide = key_by("size", [](const trade& t) { return static_cast<int>(t.size); });
    const auto pass = filter([](const trade&) { return true; });
    CHECK(std::tuple_size_v<decltype(detail::leading_keys(std::tuple{
              publish_stage{"a"}, by, window(tumbling{1s}, drop_late), wide, pass, by}))> == 2);
    CHECK(std::tuple_size_v<decltype(detail::leading_keys(std::tuple{pass, by}))> == 0);

    const detail::key_check<std::tuple<decltype(wide), decltype(by)>> check{{wide, by}};
    CHECK(check(trade{"ab", 1, 2, {}}));
    CHECK_FALSE(check(trade{"abc", 1, 2, {}}));
    CHECK(detail::key_check<std::tuple<>>{}(trade{"abc", 1, 2, {}}));
}
