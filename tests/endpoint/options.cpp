#include <millrace/endpoint/options.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("an option is set by its name and leaves the others at their defaults") {
    const endpoint_options options{.port = 0, .max_message_bytes = 64 * 1024};
    REQUIRE(options.port == 0);
    REQUIRE(options.max_message_bytes == 64 * 1024);
    REQUIRE(options.outbox_bytes == endpoint_options{}.outbox_bytes);
}

TEST_CASE("the defaults fit together") {
    const endpoint_options options;
    REQUIRE(options.ping_interval < options.idle_timeout);
    REQUIRE(options.tick_interval < options.handshake_timeout);
    REQUIRE(options.tick_interval < options.close_timeout);
    REQUIRE(options.close_timeout <= options.stop_timeout);
    REQUIRE(options.default_history_rows <= options.max_history_rows);
    REQUIRE(options.max_message_bytes <= options.outbox_bytes);
}
