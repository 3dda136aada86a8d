#include <millrace/pipeline/detail/sources/event_check.hpp>

#include <stdexcept>

#include <millrace/operators/errors_to.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("the keys that every event reaches stand before what changes or filters the stream") {
    const auto by = key_by(&trade::symbol, max_key_bytes{2});
    const auto wide = key_by("size", [](const trade& t) { return static_cast<int>(t.size); });
    const auto pass = millrace::filter([](const trade&) { return true; });
    CHECK(std::tuple_size_v<decltype(detail::leading_keys(
              std::tuple{publish_stage{"a"}, by, wide, pass, by}))> == 2);
    CHECK(std::tuple_size_v<decltype(detail::leading_keys(std::tuple{pass, by}))> == 0);
}

TEST_CASE("an event is refused for its key, or for its time") {
    const manual_clock clock{at_ms(10'000)};
    detail::event_check check{std::tuple{key_by(&trade::symbol, max_key_bytes{2})},
                              detail::present<manual_clock>{source_time{}, clock}};
    CHECK(check(trade{"ab", 1, 2, {}}) == errc{});
    CHECK(check(trade{"abc", 1, 2, {}}) == errc::key_too_long);
    CHECK(check(trade{"ab", 1, 2, at_ms(10'000) + 1h}) == errc{});
    CHECK(check(trade{"ab", 1, 2, at_ms(10'001) + 1h}) == errc::too_far_ahead);
}

TEST_CASE("a key that throws behind errors_to is left to the stream, and one too long is not") {
    const manual_clock clock{at_ms(10'000)};
    const auto throwing = [](const trade& t) {
        if (t.price < 0) throw std::runtime_error{"a price below 0"};
        return t.symbol;
    };
    detail::event_check check{detail::leading_keys(std::tuple{
                                  errors_to("broken"), key_by("side", throwing, max_key_bytes{2})}),
                              detail::present<manual_clock>{source_time{}, clock}};
    CHECK(check(trade{"ab", 1, 2, {}}) == errc{});
    CHECK(check(trade{"ab", -1, 2, {}}) == errc{});
    CHECK(check(trade{"abc", 1, 2, {}}) == errc::key_too_long);
}
