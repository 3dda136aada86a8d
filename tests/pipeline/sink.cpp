#include <millrace/pipeline/sink.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct endless {
    template <class Record, class KeyBy>
    auto open(std::string_view, const KeyBy&) {
        return [](const Record&) {};
    }
};

}  // namespace

TEST_CASE("a sink opens channels; a function is none until it is wrapped") {
    auto function = [](const auto&) {};
    STATIC_REQUIRE(publish_sink<endless>);
    STATIC_REQUIRE_FALSE(publish_sink<decltype(function)>);
    STATIC_REQUIRE(publish_sink<detail::callable_sink<decltype(function)>>);
}

TEST_CASE("a function with a topic is told it, and one for another type is not called") {
    std::string seen;
    auto function = [&](std::string_view topic, int value) {
        seen += std::string{topic} + std::to_string(value);
    };
    detail::callable_sink sink{function};
    sink.open<int>("n", unkeyed{})(5);
    sink.open<std::string>("s", unkeyed{})("ignored");
    CHECK(seen == "n5");
}

TEST_CASE("a function takes records of a topic, of an end, of late events, or none") {
    const auto takes = []<class Taken, class Description>(const Taken&, const Description&) {
        return detail::takes_some_records<Taken, Description>();
    };
    const auto trades = [](const trade&) {};
    const auto all = [](std::string_view, const auto&) {};
    const auto counted = window(tumbling{1s}, drop_late) | process<count>();
    const auto source = [](const char* name) { return from<trade>(name); };
    CHECK(takes(trades, source("t") | publish("trades") | counted));
    CHECK(takes(trades, source("t") | window(tumbling{1s}, late_to("late")) | process<count>()));
    CHECK(takes(trades, source("t") | errors_to("broken") | counted));
    CHECK(takes(trades, source("t") | tee(counted) | publish("trades")));
    CHECK(takes(trades, union_of(source("a") | publish("a"), source("b")) | counted));
    CHECK(takes(all, source("t") | counted));
    CHECK_FALSE(takes(trades, source("t") | counted));
    CHECK_FALSE(takes(trades, source("t") | counted | publish("counts")));
    CHECK_FALSE(takes(trades, union_of(source("a"), source("b")) | counted));
}
