#include <millrace/http/request_target.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::http;

namespace {

std::string path_of(std::string_view text) {
    const auto target = request_target::parse(text);
    return target ? target->path() : "refused";
}

}  // namespace

TEST_CASE("a path is decoded and separated from its query") {
    CHECK(path_of("/") == "/");
    CHECK(path_of("/api/topics/bars?key=a/b?c") == "/api/topics/bars");
    CHECK(path_of("/a%20b+c/%C3%A9") == "/a b+c/\xc3\xa9");
    CHECK(path_of("/a..b/.hidden/...") == "/a..b/.hidden/...");
    CHECK(path_of("http://host:8080/x?y") == "/x");
    CHECK(path_of("ws://host") == "/");
    CHECK(path_of("HTTP://host?next=/bars") == "/");
    CHECK(request_target::parse("http://host?next=/bars")->query() == "next=/bars");
    CHECK(request_target::parse("http://host:80/x?y")->authority() == "host:80");
    CHECK(path_of("https://[::1]:8443?") == "/");
    CHECK(path_of("http://a?b://c/d") == "/");
    CHECK(path_of("/?next=http://evil/bars") == "/");
    CHECK(path_of("/http://host/x") == "/http://host/x");
    CHECK(request_target::parse("/x")->authority().empty());
    CHECK(request_target::parse("/x?a=%20b")->text() == "/x?a=%20b");
    CHECK(request_target::parse("/x?a=%20b")->query() == "a=%20b");
    CHECK(request_target::parse("/x")->query().empty());
}

TEST_CASE("targets that could be taken for something else are refused") {
    for (const char* text : {"",
                             "x",
                             "*",
                             "host:443",
                             "?x",
                             "/a b",
                             "/a\tb",
                             "/\x7f",
                             "/\xc3\xa9",
                             "/a#b",
                             "/%",
                             "/%4",
                             "/%4g",
                             "/%00",
                             "/x?a=%zz",
                             "/..",
                             "/../etc/passwd",
                             "/a/../b",
                             "/a/./b",
                             "/%2e%2e/b",
                             "/a/%2E%2e%2fb",
                             "/.",
                             "/a/..",
                             "://x/y",
                             "a b://x/y",
                             "http:///bars",
                             "http://?next=/bars",
                             "http://:80/bars",
                             "http:/bars",
                             "http://",
                             "ftp://host/bars",
                             "file:///bars"})
        CHECK(path_of(text) == "refused");
    CHECK(path_of(std::string_view{"/a\0b", 4}) == "refused");
}

TEST_CASE("query parameters are decoded as forms encode them") {
    const auto target = request_target::parse("/?key=a%26b+c%2B&from=&flag&key=second&k%65y2=x&=v");
    REQUIRE(target);
    CHECK(target->query("key") == "a&b c+");
    CHECK(target->query("from") == "");
    CHECK(target->query("flag") == "");
    CHECK(target->query("key2") == "x");
    CHECK(target->query("to") == std::nullopt);
    CHECK(target->query("Key") == std::nullopt);
}
