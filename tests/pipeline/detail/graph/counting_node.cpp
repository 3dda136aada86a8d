#include <millrace/pipeline/detail/graph/counting_node.hpp>

#include <string>

#include <millrace/core/archive.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/run.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

template <class Description>
std::size_t bytes_of(const Description& described) {
    return save(start(described, [](const trade&) {})).size();
}

}  // namespace

TEST_CASE("what comes is counted, and what is only shown is not") {
    detail::counting_node<true, end_node> node{{}, {.number = 2, .front = 1, .name = "filter"}};
    node.push(trade{}, {});
    node.update(trade{}, trade{}, {});
    node.remove(trade{}, {});
    node.preview(trade{}, {});
    CHECK(node.came == 3);

    detail::counting_node<false, end_node> other{{}, {}};
    other.push(trade{}, {});
    CHECK(other.came == 0);
}

TEST_CASE("nothing is counted where it follows from the stages beside it") {
    const auto source = from<trade>("t");
    const std::size_t plain = bytes_of(source | publish("a"));
    CHECK(bytes_of(source | publish("a") | publish("b")) == plain);
    CHECK(bytes_of(source | map([](const trade& t) { return t; }) | publish("b")) == plain);
    CHECK(bytes_of(source | filter([](const trade&) { return true; }) | publish("b")) == plain + 8);
}
