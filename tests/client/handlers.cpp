#include <millrace/client/handlers.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("handlers are optional, and named where they are set") {
    int opened = 0;
    const client_handlers handlers{.on_open = [&] { ++opened; }};
    handlers.on_open();
    CHECK(opened == 1);
    CHECK(!handlers.on_message);
    CHECK(!handlers.on_payload);
    CHECK(!handlers.on_close);
    CHECK(!handlers.on_state);
    CHECK(!handlers.on_error);
}
