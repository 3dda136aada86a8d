#include <millrace/endpoint/http_status.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a status is an error of its own category") {
    const std::error_code error = http_status_error(401);
    CHECK(error);
    CHECK(error.value() == 401);
    CHECK(error.category() == http_status_category());
    CHECK(std::string{error.category().name()} == "http");
    CHECK(error.message() == "HTTP status 401 Unauthorized");
    CHECK(http_status_error(418).message() == "HTTP status 418");
    CHECK(error != http_status_error(403));
}
