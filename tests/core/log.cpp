#include <millrace/core/log.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "catch.hpp"

TEST_CASE("an entry says what happened, to whom, and how bad that is") {
    std::string seen;
    const millrace::log_hook hook = [&](const millrace::log_entry& each) {
        seen = std::to_string(each.connection) + " " + std::string{each.message};
    };
    hook({millrace::log_severity::warning, millrace::log_event::refused, 7, "too many"});
    REQUIRE(seen == "7 too many");
}

TEST_CASE("each severity and each event has a name of its own") {
    REQUIRE(name_of(millrace::log_severity::debug) == "debug");
    REQUIRE(name_of(millrace::log_severity::error) == "error");
    std::set<std::string_view> names;
    for (std::size_t i = 0; i != millrace::detail::log_events; ++i)
        names.insert(name_of(static_cast<millrace::log_event>(i)));
    REQUIRE(names.size() == millrace::detail::log_events);
    REQUIRE(names.count("unknown") == 0);
    REQUIRE(name_of(static_cast<millrace::log_event>(millrace::detail::log_events)) == "unknown");
}
