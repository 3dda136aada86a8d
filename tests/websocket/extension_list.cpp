#include <millrace/websocket/extension_list.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::websocket;

namespace {

/// Written down in one form, so that it can be compared.
std::string normal_form(std::string_view value) {
    const auto list = parse_extensions(value);
    if (!list) return "malformed";
    std::string out;
    for (const extension& e : *list) {
        out += '[' + std::string{e.name};
        for (const auto& p : e.parameters)
            out += ' ' + std::string{p.name} + (p.value ? '=' + *p.value : "");
        out += ']';
    }
    return out;
}

}  // namespace

TEST_CASE("extensions are taken apart as RFC 6455, section 9.1 writes them") {
    CHECK(normal_form("foo") == "[foo]");
    CHECK(normal_form("foo, bar; baz=2") == "[foo][bar baz=2]");
    CHECK(normal_form("deflate-stream") == "[deflate-stream]");
    CHECK(normal_form("mux; max-channels=4; flow-control, deflate-stream") ==
          "[mux max-channels=4 flow-control][deflate-stream]");
    CHECK(normal_form("private-extension") == "[private-extension]");
    CHECK(normal_form("a;b=\"c\"") == "[a b=c]");
    CHECK(normal_form("a;b=\"\\1\\0\" ; c") == "[a b=10 c]");
    CHECK(normal_form(" \ta ;\tb = c , d\t") == "[a b=c][d]");
    CHECK(normal_form("a;b;b;a") == "[a b b a]");
    CHECK(normal_form("a, a") == "[a][a]");
    CHECK(normal_form("").empty());
    CHECK(normal_form(",, a,,b,") == "[a][b]");
}

TEST_CASE("malformed extensions are refused") {
    for (const char* value : {"a b",     "a;",       "a;;b",        ";",         ";a",
                              "a;b=",    "a;b=,c",   "a;=c",        "a=b",       "a;b=c d",
                              "a;b=\"c", "a;b=\"\"", "a;b=\"c d\"", "a;b=\"c\\", "a;b=\"c\"d",
                              "a;b==c",  "\"a\"",    "a;\"b\"",     "a;b=c\"",   "a/b",
                              "a;b=c=d", "h\xc3\xa9"})
        CHECK(normal_form(value) == "malformed");
}
