#include <millrace/endpoint/detail/http/charged_text.hpp>

#include <memory>
#include <string>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a charged text is read like another, and paid when it is gone") {
    auto charge = std::make_shared<int>();
    auto text = std::make_unique<detail::charged_text>("some text", charge);
    REQUIRE(text->size() == 9);
    REQUIRE(text->memory_bytes() >= 9);
    std::string out;
    REQUIRE(text->read(5, 4, out));
    REQUIRE(out == "text");
    REQUIRE(charge.use_count() == 2);
    text.reset();
    REQUIRE(charge.use_count() == 1);
}
