#include <millrace/pipeline/chain.hpp>

#include <string>

#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>

#include "catch.hpp"

namespace {

struct by_value {
    int projection{};
};

}  // namespace

TEST_CASE("stages join into one flat chain, whichever side they are joined from") {
    auto keep = [] { return millrace::filter([](int) { return true; }); };
    auto same = [] { return millrace::map([](int x) { return x; }); };
    auto left = (keep() | same()) | keep();
    auto right = keep() | (same() | keep());
    STATIC_REQUIRE(std::tuple_size_v<decltype(left.stages)> == 3);
    STATIC_REQUIRE(std::tuple_size_v<decltype(right.stages)> == 3);
    STATIC_REQUIRE(millrace::pipeline_stage<decltype(left)>);
}

TEST_CASE("a filter keeps the key, a map loses it, and nothing comes behind a tee") {
    using namespace millrace;
    using keyed = event_stream<int, by_value, shared_time>;
    const auto keep = millrace::filter([](int) { return true; });
    const auto text = millrace::map([](int x) { return std::to_string(x); });
    STATIC_REQUIRE(std::same_as<decltype(detail::output_of(keep, keyed{})), keyed>);
    STATIC_REQUIRE(std::same_as<decltype(detail::output_of(text, keyed{})),
                                event_stream<std::string, unkeyed, shared_time>>);
    STATIC_REQUIRE(std::same_as<decltype(detail::output_of(tee(keep, keep), keyed{})), no_stream>);
    STATIC_REQUIRE(std::same_as<detail::stream_behind<keyed, decltype(keep), decltype(text)>::type,
                                event_stream<std::string, unkeyed, shared_time>>);
}
