#include <millrace/http/url.hpp>

#include "catch.hpp"

using namespace millrace::http;

using millrace::http::url;

namespace {

struct parts {
    const char* text;
    bool is_secure;
    const char* host;
    int port;
    const char* target;
    const char* authority;
};

}  // namespace

TEST_CASE("no host begins with a dot") {
    CHECK(!millrace::http::url::parse("wss://.test/"));
    CHECK(millrace::http::url::parse("wss://a.test./"));
}

TEST_CASE("a WebSocket URI is taken apart (RFC 6455, section 3)") {
    const auto [text, is_secure, host, port, target, authority] =
        GENERATE(parts{"ws://example.com", false, "example.com", 80, "/", "example.com"},
                 parts{"wss://example.com", true, "example.com", 443, "/", "example.com"},
                 parts{"WSS://Example.com/", true, "Example.com", 443, "/", "Example.com"},
                 parts{"ws://h:8080/a/b?c=d&e=/?", false, "h", 8080, "/a/b?c=d&e=/?", "h:8080"},
                 parts{"ws://h:80/x", false, "h", 80, "/x", "h"},
                 parts{"wss://h:80/x", true, "h", 80, "/x", "h:80"},
                 parts{"wss://h:443", true, "h", 443, "/", "h"},
                 parts{"ws://h:/x", false, "h", 80, "/x", "h"},
                 parts{"ws://h?q=1", false, "h", 80, "/?q=1", "h"},
                 parts{"ws://h/%7Bx%7D", false, "h", 80, "/%7Bx%7D", "h"},
                 parts{"ws://127.0.0.1:65535/", false, "127.0.0.1", 65535, "/", "127.0.0.1:65535"},
                 parts{"ws://[::1]:9/x", false, "::1", 9, "/x", "[::1]:9"},
                 parts{"wss://[2001:db8::192.0.2.1]", true, "2001:db8::192.0.2.1", 443, "/",
                       "[2001:db8::192.0.2.1]"});
    CAPTURE(text);
    const auto parsed = url::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->is_secure == is_secure);
    CHECK(parsed->host == host);
    CHECK(parsed->port == port);
    CHECK(parsed->target == target);
    CHECK(parsed->authority() == authority);
}

TEST_CASE("what is no WebSocket URI is refused") {
    const std::string text =
        GENERATE(as<std::string>{}, "", "ws", "ws:", "ws:/", "ws://", "ws:///path", "://h",
                 "h/path", "http://h/", "https://h/", "wsx://h/", "ws://:80/", "ws://h:0/",
                 "ws://h:65536/", "ws://h:-1/", "ws://h:8x/", "ws://h:+8/", "ws://user@h/",
                 "ws://user:pw@h/", "ws://h/#fragment", "ws://h#", "ws://h/a b", "ws://h/\r\nX: y",
                 "ws://h/\x7f", "ws://h/\xc3\xa9", "ws://h\xc3\xa9/", "ws://[::1/", "ws://[]/",
                 "ws://[::1]8/", "ws://[127.0.0.1]/", "ws://[fe80::1%eth0]/", "ws://a%2eb/");
    CAPTURE(text);
    CHECK(!url::parse(text));
}

TEST_CASE("a NUL byte is no part of a URI") {
    CHECK(!url::parse(std::string_view{"ws://h/\0x", 9}));
}
