#include <millrace/core/port.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

/// Two inputs of different types.
struct two_inputs {
    std::vector<std::string> told{};

    void push(port<0>, int, event_stamp) { told.emplace_back("number"); }
    void push(port<1>, const std::string& text, event_stamp) { told.push_back(text); }
    void watermark(std::size_t at, timestamp, trigger) {
        told.push_back("watermark of " + std::to_string(at));
    }
    void idle(port<0>) { told.emplace_back("first idle"); }
    void idle(port<1>) { told.emplace_back("second idle"); }
    void active(std::size_t at) { told.push_back("active " + std::to_string(at)); }
};

}  // namespace

TEST_CASE("a node with two inputs is told by which of them something comes") {
    two_inputs node;
    forwarding_node<detail::port_node<0, two_inputs>> numbers{{&node}};
    forwarding_node<detail::port_node<1, two_inputs>> texts{{&node}};
    numbers.push(1, {});
    texts.push(std::string{"text"}, {});
    texts.watermark(at_ms(1), trigger::watermark);
    numbers.idle();
    texts.idle();
    numbers.active();
    CHECK(node.told == std::vector<std::string>{"number", "text", "watermark of 1", "first idle",
                                                "second idle", "active 0"});
    CHECK(!numbers.finish());  // the node itself goes on for the other
}
