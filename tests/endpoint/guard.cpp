#include <millrace/endpoint/guard.hpp>

#include <string>

#include <millrace/core/error.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

struct local_only {
    std::error_code admit(const websocket::request&, std::string_view remote) const {
        return remote == "127.0.0.1" ? std::error_code{} : make_error_code(errc::forbidden);
    }
};

}  // namespace

static_assert(guard<open_guard>);
static_assert(guard<local_only>);
static_assert(!guard<int>);

TEST_CASE("the open guard lets everybody in") {
    websocket::request request;
    websocket::parse_request("GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n",
                             request);
    REQUIRE(!open_guard{}.admit(request, "203.0.113.9"));
    REQUIRE(local_only{}.admit(request, "203.0.113.9") == errc::forbidden);
}
