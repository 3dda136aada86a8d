#include <millrace/codec/json_nesting.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// Where the element that goes on in `text` ends; npos for nowhere.
std::size_t end_of_element(std::string text, json_nesting inside = {}) {
    char* const end = text.data() + text.size();
    const char* const found = inside.end_of_element(text.data(), end);
    return found == end ? std::string::npos : static_cast<std::size_t>(found - text.data());
}

bool whole(std::string text, json_nesting inside = {}) {
    return has_whole_elements(inside, text.data(), text.data() + text.size());
}

bool open(std::string text) { return leaves_open(text.data(), text.data() + text.size()); }

}  // namespace

TEST_CASE("json_nesting finds an element's end") {
    CHECK(end_of_element(R"({"a":[1,2],"b":",]}"},{})") == 21);
    CHECK(end_of_element("NaN ]") == 4);
    CHECK(end_of_element(",") == 0);
    CHECK(end_of_element(R"(1,2],{}},3)", {2}) == 8);
    CHECK(end_of_element(R"(a\",",2)", {0, true}) == 5);
    CHECK(end_of_element(R"(a\\"],2)", {1, true}) == 5);
    CHECK(end_of_element("[}}") == 2);
    CHECK(end_of_element({"\0,", 2}) == 1);
}

TEST_CASE("json_nesting finds no end in what is left open") {
    CHECK(end_of_element("") == std::string::npos);
    CHECK(end_of_element("{,") == std::string::npos);
    CHECK(end_of_element("\",") == std::string::npos);
    CHECK(end_of_element("\\", {0, true}) == std::string::npos);
    CHECK(end_of_element("\"\\\",") == std::string::npos);
}

TEST_CASE("json_nesting stops at a backslash outside of strings") {
    CHECK(end_of_element(R"({\u0020},)") == 1);
}

TEST_CASE("json_nesting: an array's rest is in order or not") {
    CHECK(whole("]"));
    CHECK(whole("NaN,{},[{}],\"]\" ] \n"));
    CHECK(whole("NaN}],{}]", {2}));
    CHECK_FALSE(whole(""));
    CHECK_FALSE(whole("NaN,{}"));
    CHECK_FALSE(whole("NaN}"));
    CHECK_FALSE(whole("NaN]]"));
    CHECK_FALSE(whole("NaN],{}]"));
    CHECK_FALSE(whole("{\"a},{\"b\":1}]"));
    CHECK_FALSE(whole(R"(\"a","b\"])"));
    CHECK_FALSE(whole("NaN]", {1}));
}

TEST_CASE("json_nesting: a line closes what it opens, or not") {
    CHECK_FALSE(open(""));
    CHECK_FALSE(open(R"({"a":[","]} 5, \ ])"));
    CHECK(open("{\"a\":"));
    CHECK(open("\"a"));
    CHECK(open(R"({\"a})"));
}
