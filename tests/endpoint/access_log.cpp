#include <millrace/endpoint/access_log.hpp>

#include "catch.hpp"

namespace {

struct counting {
    int lines = 0;
    void write(const millrace::access_entry&) { ++lines; }
};
struct not_a_log {
    void write(int) {}
};

}  // namespace

TEST_CASE("an access log takes entries, and the one that is none takes them, too") {
    STATIC_REQUIRE(millrace::access_log<counting>);
    STATIC_REQUIRE(millrace::access_log<millrace::null_access_log>);
    STATIC_REQUIRE_FALSE(millrace::access_log<not_a_log>);
}
