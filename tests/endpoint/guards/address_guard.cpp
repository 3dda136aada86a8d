#include <millrace/endpoint/guards/address_guard.hpp>

#include <stdexcept>
#include <string_view>

#include "catch.hpp"
#include "requests.hpp"

using namespace millrace;

static_assert(synchronous_guard<address_guard>);

namespace {

bool passes(const address_guard& guard, std::string_view address) {
    const auto verdict = guard.admit(get("/"), address);
    CHECK((!verdict.error || verdict.error == errc::forbidden));
    CHECK(verdict.reason.empty() == !verdict.error);
    return !verdict.error;
}

}  // namespace

TEST_CASE("without lists every address passes") {
    const address_guard guard = {{}};
    for (const auto* address : {"192.0.2.1", "::1", "", "unix"}) CHECK(passes(guard, address));
}

TEST_CASE("with a list of allowed addresses no other passes") {
    const address_guard guard{{.allow = {"10.0.0.0/8", "2001:db8::/32", "::1"}}};
    for (const auto* address :
         {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "2001:db8::7", "::1"})
        CHECK(passes(guard, address));
    for (const auto* address :
         {"9.255.255.255", "11.0.0.0", "2001:db9::", "::2", "", "unix", "10.0.0"})
        CHECK_FALSE(passes(guard, address));
}

TEST_CASE("a denied address does not pass, also where it is allowed") {
    const address_guard open{{.deny = {"192.0.2.0/24"}}};
    CHECK_FALSE(passes(open, "192.0.2.77"));
    CHECK(passes(open, "192.0.3.77"));
    CHECK(passes(open, "unix"));

    const address_guard closed{{.allow = {"10.0.0.0/8"}, .deny = {"10.0.66.0/24"}}};
    CHECK(passes(closed, "10.0.65.1"));
    CHECK_FALSE(passes(closed, "10.0.66.1"));
    CHECK_FALSE(passes(closed, "192.0.2.1"));
}

TEST_CASE("an address guard takes only addresses") {
    REQUIRE_THROWS_AS((address_guard{{.allow = {"localhost"}}}), std::invalid_argument);
}
