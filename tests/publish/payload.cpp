#include <millrace/publish/payload.hpp>

#include <memory>
#include <string>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("what is made of a payload is made once for all who ask for it") {
    const payload given{"text", 7};
    int made = 0;
    const auto make = [&](const payload& of) {
        ++made;
        return std::make_shared<std::string>(of.bytes());
    };
    const auto first = given.as<std::shared_ptr<std::string>>(make);
    REQUIRE(*first == "text");
    REQUIRE(given.as<std::shared_ptr<std::string>>(make) == first);
    REQUIRE(made == 1);
    REQUIRE(given.subject() == 7);
}

TEST_CASE("followers of two servers get what each makes") {
    const payload given{"text"};
    const auto size = [](const payload& of) { return of.bytes().size(); };
    const auto first = [](const payload& of) { return of.bytes().front(); };
    for (int i = 0; i != 2; ++i) {
        REQUIRE(given.as<std::size_t>(size) == 4);
        REQUIRE(given.as<char>(first) == 't');
    }
    REQUIRE(given.subject() == 0);
}
