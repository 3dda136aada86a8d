#include <millrace/client/options.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a client's defaults are bounded") {
    const client_options options{.url = "ws://localhost/"};
    CHECK(options.max_message_bytes == 1024 * 1024);
    CHECK(options.outbox_bytes == 1024 * 1024);
    CHECK(options.ping_interval < options.idle_timeout);
    CHECK(options.reconnect.base <= options.reconnect.cap);
    CHECK(!options.compression);
}
