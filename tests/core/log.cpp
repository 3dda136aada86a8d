#include <millrace/core/log.hpp>

#include <string>

#include "catch.hpp"

TEST_CASE("an entry says what happened, to whom, and how bad that is") {
    std::string seen;
    const millrace::log_hook hook = [&](const millrace::log_entry& each) {
        seen = std::to_string(each.connection) + " " + std::string{each.message};
    };
    hook({millrace::severity::warning, millrace::log_event::refused, 7, "too many"});
    REQUIRE(seen == "7 too many");
}
