#include <millrace/endpoint/guards/detail/web_origin.hpp>

#include <optional>

#include "catch.hpp"

using millrace::detail::web_origin;

TEST_CASE("an origin has a scheme, a host and a port") {
    const auto origin = web_origin::parse("https://example.com:8443");
    REQUIRE(origin);
    CHECK(origin->scheme == "https");
    CHECK(origin->host == "example.com");
    CHECK(origin->port == "8443");
    CHECK(web_origin::parse("http://[2001:DB8::1]:81")->host == "[2001:db8::1]");
    CHECK(web_origin::parse("chrome-extension://abcdef")->scheme == "chrome-extension");
    CHECK(web_origin::parse("http", "localhost:8080") ==
          web_origin::parse("http://localhost:8080"));
}

TEST_CASE("an origin is the same in any case, and with or without its scheme's port") {
    const auto same = [](const char* a, const char* b) {
        return web_origin::parse(a).value() == web_origin::parse(b).value();
    };
    CHECK(same("HTTPS://Example.COM", "https://example.com"));
    CHECK(same("https://example.com:443", "https://example.com"));
    CHECK(same("http://example.com:80", "http://example.com"));
    CHECK(same("wss://[::1]:443", "wss://[::1]"));
    CHECK_FALSE(same("http://example.com:443", "http://example.com"));
    CHECK_FALSE(same("https://example.com:80", "https://example.com"));
    CHECK_FALSE(same("https://example.com", "http://example.com"));
    CHECK_FALSE(same("app://example.com:80", "app://example.com"));
}

TEST_CASE("what is more or less than an origin is none") {
    for (const auto* text : {"",
                             "null",
                             "example.com",
                             "https:",
                             "https://",
                             "https:///",
                             "https://:443",
                             "://host",
                             "ht tp://host",
                             "https://host/",
                             "https://host?q",
                             "https://u@host",
                             "https://host:",
                             "https://host:99999999",
                             "https://host:-1",
                             "https://*.host",
                             "https://[::1",
                             "https://::1",
                             "https://[::1]x",
                             "https://h\xC3\xB6st"}) {
        CAPTURE(text);
        CHECK(web_origin::parse(text) == std::nullopt);
    }
}
