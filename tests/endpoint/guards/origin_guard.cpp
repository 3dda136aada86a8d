#include <millrace/endpoint/guards/origin_guard.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#include <unistd.h>

#include "catch.hpp"
#include "requests.hpp"

using namespace millrace;

static_assert(synchronous_guard<origin_guard>);

namespace {

std::error_code ask(const origin_guard& guard, std::string_view origin,
                    std::string_view host = "server.example", bool is_secure = false) {
    auto request = get("/ws", {"Origin: " + std::string{origin}}, host);
    request.set_secure(is_secure);
    return guard.admit(request, "192.0.2.1").error;
}

}  // namespace

TEST_CASE("by default an origin must have the server's scheme, and host and port of its Host") {
    const origin_guard guard = {};
    const auto ask_tls = [&](std::string_view origin, std::string_view host = "server.example") {
        return ask(guard, origin, host, true);
    };
    CHECK_FALSE(ask(guard, "http://server.example"));
    CHECK_FALSE(ask(guard, "http://SERVER.Example"));
    CHECK_FALSE(ask(guard, "http://server.example:80"));
    CHECK_FALSE(ask(guard, "http://server.example", "server.example:80"));
    CHECK_FALSE(ask(guard, "http://localhost:8080", "LOCALHOST:8080"));
    CHECK_FALSE(ask(guard, "http://[::1]:8080", "[::1]:8080"));
    CHECK_FALSE(ask(guard, "http://[::1]", "[::1]:80"));
    CHECK_FALSE(ask_tls("https://server.example"));
    CHECK_FALSE(ask_tls("https://server.example:443"));
    CHECK_FALSE(ask_tls("https://server.example", "server.example:443"));

    for (const auto* origin :
         {"http://evil.example", "http://server.example:8080", "http://server.example.evil.example",
          "http://evil.server.example", "http://server.exampl", "http://server.example:443",
          "https://server.example", "https://server.example:80", "x://server.example",
          "ws://server.example", "chrome-extension://server.example"}) {
        CAPTURE(origin);
        CHECK(ask(guard, origin) == errc::forbidden);
    }
    for (const auto* origin :
         {"http://server.example", "http://server.example:443", "https://server.example:80",
          "wss://server.example", "x://server.example", "chrome-extension://server.example"}) {
        CAPTURE(origin);
        CHECK(ask_tls(origin) == errc::forbidden);
    }
    CHECK(ask(guard, "http://localhost:8081", "localhost:8080") == errc::forbidden);
    CHECK(ask(guard, "http://localhost", "localhost:8080") == errc::forbidden);
    CHECK(ask(guard, "http://[::1]:8080", "[::2]:8080") == errc::forbidden);
    // An absolute target says where the client means to be (RFC 9112, section 3.2.2).
    CHECK_FALSE(
        guard.admit(get("http://a.example/", {"Origin: http://a.example"}, "b.example"), "").error);
    CHECK(guard.admit(get("http://a.example/", {"Origin: http://b.example"}, "b.example"), "")
              .error == errc::forbidden);
}

TEST_CASE("a list of origins is exact") {
    const origin_guard guard{
        {.allowed = {"https://App.example", "http://localhost:3000", "https://other.example:443"}}};
    CHECK_FALSE(ask(guard, "https://app.example"));
    CHECK_FALSE(ask(guard, "HTTPS://APP.EXAMPLE:443"));
    CHECK_FALSE(ask(guard, "http://localhost:3000"));
    CHECK_FALSE(ask(guard, "https://other.example"));

    for (const auto* origin :
         {"http://app.example", "https://app.example:3000", "https://app.example:80",
          "https://localhost:3000", "http://localhost", "https://www.app.example",
          "https://app.exampl"}) {
        CAPTURE(origin);
        CHECK(ask(guard, origin) == errc::forbidden);
    }
    // The server's own host is an origin like others: a rebound name would have it, too.
    CHECK(ask(guard, "https://server.example") == errc::forbidden);
}

TEST_CASE("what is no origin is refused") {
    const origin_guard own_host;
    const origin_guard listed{{.allowed = {"https://server.example"}}};
    for (const auto* origin : {"null",
                               "NULL",
                               "*",
                               "",
                               "server.example",
                               "//server.example",
                               "https://",
                               "https://server.example/",
                               "https://server.example/path",
                               "https://user@server.example",
                               "https://server.example:",
                               "https://server.example:0443",
                               "https://server.example:4x3",
                               "https://server.example:443443",
                               "https://server.example, https://server.example",
                               "https://server.example https://server.example",
                               "https://[server.example",
                               "https://[]",
                               "https://*",
                               "https://server.example?",
                               "https://server.example#",
                               "file://",
                               "://x"}) {
        CAPTURE(origin);
        CHECK(ask(own_host, origin) == errc::forbidden);
        CHECK(ask(listed, origin) == errc::forbidden);
    }
    const auto twice =
        get("/", {"Origin: https://server.example", "Origin: https://server.example"});
    CHECK(own_host.admit(twice, "").error == errc::forbidden);
    CHECK(listed.admit(twice, "").error == errc::forbidden);
}

TEST_CASE("a request without an origin passes, if it may") {
    CHECK_FALSE(origin_guard{}.admit(get("/"), "").error);
    const auto refused = origin_guard{{.allow_no_origin = false}}.admit(get("/"), "");
    CHECK(refused.error == errc::forbidden);
    CHECK(refused.reason == "an Origin is needed");
}

TEST_CASE("an origin guard takes only origins") {
    for (const auto* text : {"", "null", "*", "app.example", "https://*.example",
                             "https://app.example/", "https://app.example/x", "https://a b"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((origin_guard{{.allowed = {"https://good.example", text}}}),
                        std::invalid_argument);
    }
}

namespace {

std::error_code ask_for(const origin_guard& guard, std::string_view host, std::string_view peer,
                        bool is_secure = false) {
    auto request = get("/metrics", {}, host);
    request.set_secure(is_secure);
    return guard.admit(request, peer).error;
}

constexpr const char* near_peers[] = {"127.0.0.1",    "127.1.2.3",    "::1",
                                      "10.1.2.3",     "172.16.0.1",   "172.31.9.9",
                                      "192.168.1.2",  "169.254.7.7",  "100.64.0.1",
                                      "fd12:3456::7", "fe80::1%eth0", "::ffff:192.168.1.2"};

}  // namespace

TEST_CASE(
    "from a private network a server is asked for by a name that no page elsewhere can have") {
    const origin_guard own = {};
    for (const auto* peer : near_peers) {
        CAPTURE(peer);
        for (const auto* host :
             {"localhost", "LOCALHOST:8080", "app.localhost:8080", "127.0.0.1:8080", "[::1]:8080",
              "192.0.2.7", "192.168.1.7:8080", "[fd12:3456::1]:8080", "raspberrypi:8080",
              "RaspberryPi", "printer.local:8080", "box.lan", "web.internal", "nas.home.arpa"}) {
            CAPTURE(host);
            CHECK_FALSE(ask_for(own, host, peer));
        }
        for (const auto* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                                 "local.evil.example", "evil.notlocal", "127.0.0.1.evil.example",
                                 "192.168.1.7.evil.example", "evil.example.", "", "evil example"}) {
            CAPTURE(host);
            CHECK(ask_for(own, host, peer) == errc::forbidden);
        }
        // No page has a certificate for this server's name.
        CHECK_FALSE(ask_for(own, "evil.example", peer, true));
    }
    for (const auto* peer : {"192.0.2.1", "172.32.0.1", "11.0.0.1", "2001:db8::1", "memory"}) {
        CAPTURE(peer);
        CHECK_FALSE(ask_for(own, "evil.example", peer));
    }
}

TEST_CASE("a page that was rebound has the origin of the host that it asks for, and stays out") {
    const origin_guard own = {};
    const auto rebound = get("/ws", {"Origin: http://evil.example:8080"}, "evil.example:8080");
    const auto said = own.admit(rebound, "192.168.1.2");
    CHECK(said.error == errc::forbidden);
    CHECK(said.reason ==
          "this name is not known to be the server's: list it in "
          "origin_settings::hosts");
    CHECK_FALSE(own.admit(get("/ws", {"Origin: http://192.168.1.7:8080"}, "192.168.1.7:8080"),
                          "192.168.1.2")
                    .error);
}

TEST_CASE("the machine's own name, names that are listed and allowed origins' are the server's") {
    char name[256] = {};
    REQUIRE(::gethostname(name, sizeof name - 1) == 0);
    CHECK_FALSE(ask_for({}, name, "10.1.2.3"));
    const origin_guard listed = {
        {.allowed = {"https://app.example"}, .hosts = {"Srv.corp.example", "[2001:db8::1]"}}};
    for (const auto* peer : {"10.1.2.3", "192.0.2.1"}) {
        CAPTURE(peer);
        for (const auto* host : {"srv.corp.example:8080", "SRV.corp.example", "app.example",
                                 "localhost", "192.0.2.7", "[2001:db8::1]"})
            CHECK_FALSE(ask_for(listed, host, peer));
        for (const auto* host : {"evil.example", "corp.example", "x.srv.corp.example"}) {
            CHECK(ask_for(listed, host, peer) == errc::forbidden);
            CHECK(ask_for(listed, host, peer, true) == errc::forbidden);
        }
    }
}

TEST_CASE("an origin guard takes only hosts without a port") {
    for (const auto* text : {"", "*", "*.example", "http://app.example", "app.example:80",
                             "app.example:8080", "app.example/", "a b", "[::1"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((origin_guard{{.hosts = {"good.example", text}}}), std::invalid_argument);
    }
}
