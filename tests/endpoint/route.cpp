#include <millrace/endpoint/route.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

struct plain {
    void operator()(connection&, std::string_view) {}
};
struct with_opcode {
    void operator()(connection&, std::string_view, websocket::opcode) {}
};
struct wrong {
    void operator()(std::string_view) {}
};

}  // namespace

static_assert(message_handler<plain>);
static_assert(message_handler<with_opcode>);
static_assert(!message_handler<wrong>);

// What routes do with a connection is tested with one: tests/endpoint/connection.cpp.
TEST_CASE("a handler that moves only can be a route") {
    auto text = std::make_unique<std::string>("moved");
    auto handler = [text = std::move(text)](connection&, std::string_view) {};
    const std::unique_ptr<route> made =
        std::make_unique<raw_route<decltype(handler)>>(std::move(handler));
    REQUIRE(made != nullptr);
}
