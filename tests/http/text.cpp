#include <millrace/http/text.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::http;
using namespace std::string_view_literals;

TEST_CASE("a list has a token only as a whole member") {
    CHECK(list_has("keep-alive, Upgrade", "upgrade"));
    CHECK(list_has(" upgrade\t,x", "upgrade"));
    CHECK(list_has(",,UPGRADE", "upgrade"));
    CHECK_FALSE(list_has("upgraded, no-upgrade", "upgrade"));
    CHECK_FALSE(list_has("", "upgrade"));
}

TEST_CASE("the characters of a token are those of RFC 9110, section 5.6.2") {
    const std::string_view separators = "\"(),/:;<=>?@[\\]{} \t";
    for (int c = 0; c != 256; ++c) {
        const char character = static_cast<char>(c);
        const bool expected =
            c > 0x20 && c < 0x7f && separators.find(character) == std::string_view::npos;
        CHECK(is_token({&character, 1}) == expected);
    }
    CHECK(is_token("Sec-WebSocket-Key"));
    CHECK_FALSE(is_token(""));
}

TEST_CASE("letters are compared in any case, other bytes exactly") {
    CHECK(iequals("WebSocket", "websocket"));
    CHECK_FALSE(iequals("websocket", "websockets"));
    CHECK_FALSE(iequals("@[`{", "`{@["));
}

TEST_CASE("text is split from the front") {
    std::string_view rest = "a,b,,c";
    CHECK(split_off(rest, ",") == "a");
    CHECK(split_off(rest, ",") == "b");
    CHECK(split_off(rest, ",") == "");
    CHECK(rest == "c");
    CHECK(split_off(rest, ",") == "c");
    CHECK(rest.empty());
    CHECK(split_off(rest, ",") == "");
}

TEST_CASE("spaces and tabs are trimmed at both ends only") {
    CHECK(trim(" \ta b\t ") == "a b");
    CHECK(trim(" \t ") == "");
    CHECK(trim("\r\n") == "\r\n");
}

TEST_CASE("control characters that no head may hold are found") {
    CHECK_FALSE(has_bad_control("a\tb\r\nc\r\n"));
    CHECK_FALSE(has_bad_control("cut before the LF\r"));
    CHECK_FALSE(has_bad_control("\xc3\xa9"));
    CHECK(has_bad_control("\n"));
    CHECK(has_bad_control("a\nb"));
    CHECK(has_bad_control("a\rb"));
    CHECK(has_bad_control("\r\r\n"));
    CHECK(has_bad_control("a\0b"sv));
    CHECK(has_bad_control("\x1b[0m"));
    CHECK(has_bad_control("\x7f"));
}
