#include <millrace/http/status_error.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;

TEST_CASE("a status is an error of its own category") {
    const std::error_code error = status_error(401);
    CHECK(error);
    CHECK(error.value() == 401);
    CHECK(error.category() == status_category());
    CHECK(std::string{error.category().name()} == "http");
    CHECK(error.message() == "HTTP status 401 Unauthorized");
    CHECK(status_error(418).message() == "HTTP status 418");
    CHECK(error != status_error(403));
}
