#include <millrace/pipeline/pipeline.hpp>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class Pipeline>
using out_event = typename Pipeline::output_stream::event_type;

}  // namespace

TEST_CASE("the type of what comes out is known where the pipeline is written") {
    auto filtered = from<trade>("t") | filter([](const trade&) { return true; });
    STATIC_REQUIRE(std::same_as<out_event<decltype(filtered)>, trade>);

    auto counted = filtered | key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
                   process<count>() | publish("counts");
    STATIC_REQUIRE(
        std::same_as<out_event<decltype(counted)>, record<std::string, result_of<count>>>);
}

TEST_CASE("a part can be used in several pipelines") {
    auto by_second = key_by(&trade::symbol) | window(tumbling{1s}, drop_late) | process<count>();
    auto one = from<trade>("a") | by_second | publish("x");
    auto two = from<trade>("b") | by_second | publish("y");
    STATIC_REQUIRE(std::same_as<decltype(one), decltype(two)>);
    CHECK(one.source.name == "a");
    CHECK(two.source.name == "b");
}
