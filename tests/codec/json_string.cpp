#include <millrace/codec/json_string.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace std::string_literals;

namespace {

std::string in_quotes(std::string_view text) {
    std::string out = ">";
    append_json_string(out, text);
    return out.substr(1);
}

}  // namespace

TEST_CASE("append_json_string escapes what RFC 8259, section 7, wants escaped, and nothing else") {
    CHECK(in_quotes("") == R"("")");
    CHECK(in_quotes("plain /text' \x7F") == "\"plain /text' \x7F\"");
    CHECK(in_quotes("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(in_quotes("\0\1\x1F"s) == R"("\u0000\u0001\u001f")");
    CHECK(in_quotes("a somewhat longer text with a \" in its middle and a \\ at its end\\") ==
          R"("a somewhat longer text with a \" in its middle and a \\ at its end\\")");
    for (int c = 0; c < 0x20; ++c) {
        const std::string out = in_quotes(std::string(1, static_cast<char>(c)));
        CHECK(out.size() >= 4);
        CHECK(out[1] == '\\');
    }
}

TEST_CASE("append_json_string leaves UTF-8 as it is") {
    const std::string text = "gr\u00FC\u00DFe \u20AC \U0001F600 \uFFFF \U0010FFFF\u2028";
    CHECK(in_quotes(text) == "\"" + text + "\"");
}

TEST_CASE("append_json_string puts U+FFFD for what is not UTF-8") {
    const std::string mark = "\uFFFD";
    CHECK(in_quotes("a\xFF"
                    "b") == "\"a" + mark + "b\"");
    CHECK(in_quotes("\xC0\x80") == "\"" + mark + mark + "\"");
    CHECK(in_quotes("\xED\xA0\x80") == "\"" + mark + mark + mark + "\"");
    CHECK(in_quotes("\xF0\x9F\x98") == "\"" + mark + "\"");
    CHECK(in_quotes("\xE2\x82\"") == "\"" + mark + "\\\"\"");
    CHECK(in_quotes("\x80") == "\"" + mark + "\"");
    CHECK(in_quotes("\xF4\x90\x80\x80") == "\"" + mark + mark + mark + mark + "\"");
}
