#include <millrace/pipeline/publish.hpp>

#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/run.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("what is published goes on to the next stage") {
    std::vector<std::string> topics;
    auto running = start(from<trade>("t") | publish("all") |
                             filter([](const trade& t) { return t.price > 5; }) | publish("large"),
                         [&](std::string_view topic, const trade&) { topics.emplace_back(topic); });
    running.push({"A", 1, 1, at_ms(0)});
    running.push({"A", 9, 1, at_ms(0)});
    CHECK(topics == std::vector<std::string>{"all", "all", "large"});
}
