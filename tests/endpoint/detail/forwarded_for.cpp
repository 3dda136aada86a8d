#include <millrace/endpoint/detail/forwarded_for.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("X-Forwarded-For counts as far as trusted proxies vouch for it") {
    const address_list trusted{"10.0.0.0/8", "::1"};
    struct {
        std::string_view header, peer, client;
    } const cases[] = {
        {"", "10.0.0.1", "10.0.0.1"},
        {"198.51.100.7", "10.0.0.1", "198.51.100.7"},
        {"198.51.100.7", "203.0.113.9", "203.0.113.9"},               // nobody trusts the peer
        {"1.2.3.4, 198.51.100.7", "10.0.0.1", "198.51.100.7"},        // the first is hearsay
        {"198.51.100.7, 10.0.0.2 ,::1", "10.0.0.1", "198.51.100.7"},  // three proxies
        {"2001:db8::1", "::1", "2001:db8::1"},
        {"10.0.0.3", "10.0.0.1", "10.0.0.3"},  // a client inside
        {"unknown, 10.0.0.2", "10.0.0.1", "10.0.0.2"},
        {"198.51.100.7, nonsense", "10.0.0.1", "10.0.0.1"},
        {"198.51.100.7:4711", "10.0.0.1", "10.0.0.1"},
        {",", "10.0.0.1", "10.0.0.1"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.header, each.peer);
        CHECK(detail::forwarded_for(each.header, each.peer, trusted) == each.client);
    }
    CHECK(detail::forwarded_for("198.51.100.7", "10.0.0.1", {}) == "10.0.0.1");
}
