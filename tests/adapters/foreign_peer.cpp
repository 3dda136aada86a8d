#include <millrace/adapters/foreign_peer.hpp>

#include "catch.hpp"
#include "fake_server.hpp"

using namespace millrace;

namespace {

struct without_owner : fake_peer {
    void owner() const {}
};
struct without_bytes : fake_peer {
    void buffered_bytes() const {}
};
struct sends_views : fake_peer {
    void send(std::string_view) {}
};

}  // namespace

TEST_CASE("a peer has all members that are asked for") {
    STATIC_REQUIRE(foreign_peer<fake_peer>);
    STATIC_REQUIRE_FALSE(foreign_peer<without_owner>);
    STATIC_REQUIRE_FALSE(foreign_peer<without_bytes>);
    STATIC_REQUIRE_FALSE(foreign_peer<sends_views>);
    STATIC_REQUIRE_FALSE(foreign_peer<int>);
}
