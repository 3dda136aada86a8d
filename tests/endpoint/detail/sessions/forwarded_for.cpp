#include <millrace/endpoint/detail/sessions/forwarded_for.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;

namespace {

const address_list trusted{"10.0.0.0/8", "::1"};

detail::forwarded_request ask(std::string_view lines, std::string_view peer,
                              forwarding_header which = forwarding_header::x_forwarded_for) {
    http::request request;
    const auto head = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string{lines} + "\r\n";
    REQUIRE(http::parse_request(head, request).state == http::parse_result::complete);
    return detail::forwarded_for(request, peer, trusted, which);
}

std::string client_by_list(std::string_view header, std::string_view peer) {
    return ask("X-Forwarded-For: " + std::string{header} + "\r\n", peer).client;
}

detail::forwarded_request by_forwarded(std::string_view header,
                                       std::string_view peer = "10.0.0.1") {
    return ask("Forwarded: " + std::string{header} + "\r\n", peer, forwarding_header::forwarded);
}

}  // namespace

TEST_CASE("X-Forwarded-For counts as far as trusted proxies vouch for it") {
    struct {
        std::string_view header, peer, client;
    } const cases[] = {
        {"", "10.0.0.1", "10.0.0.1"},
        {"198.51.100.7", "10.0.0.1", "198.51.100.7"},
        {"198.51.100.7,", "10.0.0.1", "198.51.100.7"},  // empty elements are none
        {"198.51.100.7, ,10.0.0.2", "10.0.0.1", "198.51.100.7"},
        {"198.51.100.7", "203.0.113.9", "203.0.113.9"},               // nobody trusts the peer
        {"1.2.3.4, 198.51.100.7", "10.0.0.1", "198.51.100.7"},        // the first is hearsay
        {"198.51.100.7, 10.0.0.2 ,::1", "10.0.0.1", "198.51.100.7"},  // three proxies
        {"2001:db8::1", "::1", "2001:db8::1"},
        {"10.0.0.3", "10.0.0.1", "10.0.0.3"},  // a client inside
        {"unknown, 10.0.0.2", "10.0.0.1", "10.0.0.2"},
        {"198.51.100.7, nonsense", "10.0.0.1", "10.0.0.1"},
        {",", "10.0.0.1", "10.0.0.1"},
        {"203.0.113.9:54321", "10.0.0.1", "203.0.113.9"},
        {"203.0.113.9:54321, 10.0.0.2:80", "10.0.0.1", "203.0.113.9"},
        {"[2001:db8::7]:4711", "10.0.0.1", "2001:db8::7"},
        {"[2001:DB8:0::7]", "10.0.0.1", "2001:db8::7"},
        {"\"[2001:db8::7]:4711\"", "10.0.0.1", "2001:db8::7"},
        {"::ffff:203.0.113.9", "10.0.0.1", "203.0.113.9"},
        {"198.51.100.7", "::ffff:10.0.0.1", "198.51.100.7"},
        {"\", 198.51.100.7", "10.0.0.1", "198.51.100.7"},  // a client's open quotation mark
    };
    for (const auto& each : cases) {
        CAPTURE(each.header, each.peer);
        CHECK(client_by_list(each.header, each.peer) == each.client);
    }
    for (const auto* wrong :
         {"203.0.113.9:", "203.0.113.9:http", "203.0.113.9:123456", "[2001:db8::7", "2001:db8::7]",
          "[2001:db8::7]4711", "[2001:db8::7]:", "[203.0.113.9]:80", "203.0.113.9 10.0.0.1",
          "203.0.113.9:80:80", "[]", ":80", "203.0.113"}) {
        CAPTURE(wrong);
        CHECK(client_by_list(wrong, "10.0.0.1") == "10.0.0.1");
    }
    CHECK(ask("X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 198.51.100.8\r\n", "::1").client ==
          "198.51.100.8");
    CHECK(ask("", "::FFFF:203.0.113.9").client == "203.0.113.9");
    CHECK(ask("", "memory").client == "memory");
}

TEST_CASE("Forwarded counts likewise, as RFC 7239 writes it") {
    struct {
        std::string_view header, client;
    } const cases[] = {
        {"for=203.0.113.9", "203.0.113.9"},
        {"For=\"203.0.113.9:54321\"", "203.0.113.9"},
        {"for=203.0.113.9:54321", "203.0.113.9"},  // some forget the quotation marks
        {"for=\"[2001:db8::7]:4711\"", "2001:db8::7"},
        {"for=\"[2001:db8::7]:_port\"", "2001:db8::7"},
        {"by=_me;for=203.0.113.9;proto=https;host=\"a, b; for=1.2.3.4\"", "203.0.113.9"},
        {"for=203.0.113.9 ; proto=http", "203.0.113.9"},
        {"for=1.2.3.4, for=203.0.113.9, for=10.0.0.2", "203.0.113.9"},
        {"for=\"1.2.3.4\\\", for=5.6.7.8\", for=203.0.113.9", "203.0.113.9"},
        {"for=\", for=203.0.113.9", "203.0.113.9"},    // a client's open quotation mark
        {"for=\"\\, for=203.0.113.9", "203.0.113.9"},  // or its escape
        {"for=\"x\\\"\", for=10.0.0.2", "10.0.0.2"},   // an escaped mark in a client's element
        {"for=1.2.3.4;for=5.6.7.8, for=10.0.0.2", "10.0.0.2"},
        {"for=unknown", "10.0.0.1"},
        {"for=1.2.3.4, for=_hidden, for=10.0.0.2", "10.0.0.2"},
        {"for=\"_hidden:80\"", "10.0.0.1"},
        {"for=", "10.0.0.1"},
        {"proto=https", "10.0.0.1"},
        {"for=\"203.0.113.9\" x", "10.0.0.1"},
        {"for 203.0.113.9", "10.0.0.1"},
        {"203.0.113.9", "10.0.0.1"},
        {"=203.0.113.9", "10.0.0.1"},
        {";", "10.0.0.1"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.header);
        CHECK(by_forwarded(each.header).client == each.client);
        CHECK(by_forwarded(each.header, "198.51.100.1").client == "198.51.100.1");
    }
}

TEST_CASE("only the header that is trusted is believed") {
    constexpr std::string_view both =
        "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: https\r\n"
        "Forwarded: for=203.0.113.2;proto=http\r\n";
    CHECK(ask(both, "10.0.0.1").client == "203.0.113.1");
    CHECK(ask(both, "10.0.0.1").is_secure == true);
    CHECK(ask(both, "10.0.0.1", forwarding_header::forwarded).client == "203.0.113.2");
    CHECK(ask(both, "10.0.0.1", forwarding_header::forwarded).is_secure == false);
    CHECK(ask(both, "198.51.100.1").client == "198.51.100.1");
    CHECK(ask(both, "198.51.100.1").is_secure == std::nullopt);
}

TEST_CASE("a trusted proxy tells whether its client speaks TLS") {
    const auto by_list = [](std::string_view scheme) {
        return ask("X-Forwarded-Proto: " + std::string{scheme} + "\r\n", "10.0.0.1").is_secure;
    };
    CHECK(by_list("https") == true);
    CHECK(by_list("WSS") == true);
    CHECK(by_list("http") == false);
    CHECK(by_list("ws") == false);
    CHECK(by_list("http, https") == true);
    CHECK(by_list("https, http") == false);
    CHECK(by_list("gopher") == std::nullopt);
    CHECK(ask("", "10.0.0.1").is_secure == std::nullopt);

    CHECK(by_forwarded("for=203.0.113.9;proto=https").is_secure == true);
    CHECK(by_forwarded("proto=http;for=203.0.113.9").is_secure == false);
    CHECK(by_forwarded("for=203.0.113.9").is_secure == std::nullopt);
    CHECK(by_forwarded("for=203.0.113.9;proto=https, for=10.0.0.2;proto=http").is_secure == true);
    CHECK(by_forwarded("for=1.2.3.4;proto=https, for=203.0.113.9;proto=http").is_secure == false);
}

TEST_CASE("empty pairs of an element of Forwarded are skipped") {
    CHECK(by_forwarded("for=192.0.2.43;;proto=https").client == "192.0.2.43");
    CHECK(by_forwarded(";for=192.0.2.43;").client == "192.0.2.43");
    CHECK(by_forwarded("for=192.0.2.43;;proto=https").is_secure == true);
}
