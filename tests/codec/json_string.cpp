#include <millrace/codec/json_string.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace std::string_literals;

namespace {

std::string quoted(std::string_view text) {
    std::string out = ">";
    append_json_string(out, text);
    return out.substr(1);
}

}  // namespace

TEST_CASE("append_json_string escapes what RFC 8259, section 7, wants escaped, and nothing else") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("plain /text' \x7F") == "\"plain /text' \x7F\"");
    CHECK(quoted("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(quoted("\0\1\x1F"s) == R"("\u0000\u0001\u001f")");
    CHECK(quoted("a somewhat longer text with a \" in its middle and a \\ at its end\\") ==
          R"("a somewhat longer text with a \" in its middle and a \\ at its end\\")");
    for (int c = 0; c < 0x20; ++c) {
        const std::string out = quoted(std::string(1, static_cast<char>(c)));
        CHECK(out.size() >= 4);
        CHECK(out[1] == '\\');
    }
}

TEST_CASE("append_json_string leaves UTF-8 as it is") {
    const std::string text = "gr\u00FC\u00DFe \u20AC \U0001F600 \uFFFF \U0010FFFF\u2028";
    CHECK(quoted(text) == "\"" + text + "\"");
}

TEST_CASE("append_json_string puts U+FFFD for what is not UTF-8") {
    const std::string mark = "\uFFFD";
    CHECK(quoted("a\xFF"
                 "b") == "\"a" + mark + "b\"");
    CHECK(quoted("\xC0\x80") == "\"" + mark + mark + "\"");
    CHECK(quoted("\xED\xA0\x80") == "\"" + mark + mark + mark + "\"");
    CHECK(quoted("\xF0\x9F\x98") == "\"" + mark + "\"");
    CHECK(quoted("\xE2\x82\"") == "\"" + mark + "\\\"\"");
    CHECK(quoted("\x80") == "\"" + mark + "\"");
    CHECK(quoted("\xF4\x90\x80\x80") == "\"" + mark + mark + mark + mark + "\"");
}
