#include <millrace/endpoint/stderr_access_log.hpp>

#include "captured_stderr.hpp"
#include "catch.hpp"

using namespace millrace;

TEST_CASE("lines of an access log are written to standard error") {
    const captured_stderr captured;
    const stderr_access_log log{{.format = access_format::common}};
    log.write({.method = "GET", .target = "/one", .version = "HTTP/1.1", .status = 200});
    log.flush();
    REQUIRE(captured.text().ends_with("\"GET /one HTTP/1.1\" 200 0\n"));
    REQUIRE(log.lost() == 0);
}
