#include <millrace/http/status.hpp>

#include <system_error>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;

TEST_CASE("errors have their status") {
    CHECK(status_of({}) == 200);
    CHECK(status_of(errc::bad_request) == 400);
    CHECK(status_of(errc::forbidden) == 403);
    CHECK(status_of(errc::not_found) == 404);
    CHECK(status_of(errc::method_not_allowed) == 405);
    CHECK(status_of(errc::timed_out) == 408);
    CHECK(status_of(errc::upgrade_required) == 426);
    CHECK(status_of(errc::header_too_large) == 431);
    CHECK(status_of(errc::try_again_later) == 503);
    CHECK(status_of(errc::storage_locked) == 503);
    CHECK(status_of(errc::storage_queue_full) == 503);
    CHECK(status_of(errc::storage_failed) == 500);
    CHECK(status_of(std::make_error_code(std::errc::io_error)) == 500);
    for (const int status : {200, 400, 403, 404, 405, 408, 426, 431, 500, 503})
        CHECK_FALSE(reason_phrase(status).empty());
}
