#include <millrace/core/error.hpp>

#include <set>
#include <string>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("errc converts to an error code of the category millrace") {
    const std::error_code code = errc::wrong_type;
    CHECK(code);
    CHECK(code == errc::wrong_type);
    CHECK(code != errc::out_of_range);
    CHECK(code.category().name() == std::string{"millrace"});
    CHECK(code != std::error_code{code.value(), std::generic_category()});
    CHECK(code.message() == "wrong type");
}

TEST_CASE("every errc has a message of its own, and no other value has one") {
    std::set<std::string> messages;
    int value = 1;
    for (;; ++value) {
        const std::string message = error_category().message(value);
        if (message == "unknown error") break;
        CHECK(messages.insert(message).second);
    }
    CHECK(value - 1 == static_cast<int>(errc::journal_of_others));
    CHECK(error_category().message(0) == "unknown error");
}
