#include <millrace/endpoint/detail/routes/route.hpp>

#include <array>
#include <string>

#include "../../server.hpp"

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
    const std::unique_ptr<detail::route> made =
        std::make_unique<detail::raw_route<decltype(handler)>>(std::move(handler));
    REQUIRE(made != nullptr);
}

namespace {

struct picky {
    static constexpr std::array<std::string_view, 2> spoken{"v2.bars", "v1.bars"};

    [[nodiscard]] std::span<const std::string_view> subprotocols() const { return spoken; }
    [[nodiscard]] std::error_code admit(const connection& who) const {
        return who.query("door") == "back" ? make_error_code(errc::forbidden) : std::error_code{};
    }
    void on_open(connection& from) { from.send(from.subprotocol()); }
    void operator()(connection&, std::string_view) {}
};

}  // namespace

TEST_CASE("a route speaks the first of the client's subprotocols that it knows") {
    server s;
    s.endpoint.on_message("/bars", picky{});
    const auto agreed = [&](std::string_view offered) {
        memory_client c{s.io, s.wire};
        c.send_raw(websocket::make_upgrade_request("memory", "/bars",
                                                   "dGhlIHNhbXBsZSBub25jZQ==", offered));
        return c.take_raw();
    };
    const auto first = agreed("Sec-WebSocket-Protocol: chat, v1.bars, v2.bars\r\n");
    REQUIRE(first.find("Sec-WebSocket-Protocol: v1.bars\r\n") != std::string::npos);
    REQUIRE(first.ends_with("v1.bars"));
    const auto none = agreed("Sec-WebSocket-Protocol: chat\r\n");
    REQUIRE(none.starts_with("HTTP/1.1 101 "));
    REQUIRE(none.find("Sec-WebSocket-Protocol") == std::string::npos);
}

TEST_CASE("a route may refuse before the upgrade, and never hears of it again") {
    server s;
    s.endpoint.on_message("/bars", picky{});
    memory_client c{s.io, s.wire};
    REQUIRE(!c.upgrade("/bars?door=back"));
    REQUIRE(c.take_raw().starts_with("HTTP/1.1 403 "));
    REQUIRE(s.counters().upgrades == 0);
}
