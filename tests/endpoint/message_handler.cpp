#include <millrace/endpoint/message_handler.hpp>

#include <string_view>

#include <millrace/endpoint/connection.hpp>
#include <millrace/websocket/frame_header.hpp>

#include "catch.hpp"

namespace {

using millrace::connection;

struct of_text {
    void operator()(connection&, std::string_view) {}
};
struct of_both {
    void operator()(connection&, std::string_view, millrace::websocket::opcode) {}
};
struct of_nothing {
    void operator()(std::string_view) {}
};

}  // namespace

TEST_CASE("a message handler takes the connection and the message, and the opcode if it likes") {
    STATIC_REQUIRE(millrace::message_handler<of_text>);
    STATIC_REQUIRE(millrace::message_handler<of_both>);
    STATIC_REQUIRE_FALSE(millrace::message_handler<of_nothing>);
}
