#include <millrace/http/fields.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;

TEST_CASE("fields are found in any case and repeated ones are joined in order") {
    fields fields;
    REQUIRE_FALSE(
        fields.parse("Host: a\r\nX-One:1\r\nx-one: \t2 \t\r\nEmpty:\r\nX-ONE: 3, 4\r\n", 5));
    CHECK(fields.get("host") == "a");
    CHECK(fields.get("x-One") == "1, 2, 3, 4");
    CHECK(fields.count("X-one") == 3);
    CHECK(fields.has("empty"));
    CHECK(fields.get("empty").empty());
    CHECK_FALSE(fields.has("absent"));
    CHECK(fields.get("absent").empty());
    CHECK(fields.count("absent") == 0);
}

TEST_CASE("parsing again forgets the fields of before") {
    fields fields;
    REQUIRE_FALSE(fields.parse("A: 1\r\n", 5));
    REQUIRE_FALSE(fields.parse("B: 2\r\n", 5));
    CHECK_FALSE(fields.has("A"));
}

TEST_CASE("lines that RFC 9112, section 5 forbids are refused") {
    fields fields;
    for (const char* line : {"no colon\r\n", ": no name\r\n", "space : x\r\n", " folded: x\r\n",
                             "A: 1\r\n continued\r\n", "two words: x\r\n", "q\"uote: x\r\n",
                             "sl/ash: x\r\n", "h\xc3\xa9: x\r\n", "\r\n"})
        CHECK(fields.parse(line, 5) == errc::bad_request);
}

TEST_CASE("the number of lines is limited, repeated ones included") {
    fields fields;
    CHECK_FALSE(fields.parse("A: 1\r\nA: 2\r\nA: 3\r\n", 3));
    CHECK(fields.parse("A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n", 3) == errc::header_too_large);
}
