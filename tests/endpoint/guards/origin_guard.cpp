#include <millrace/endpoint/guards/origin_guard.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

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

TEST_CASE("a request of this machine is for this machine, by a name that no page can have") {
    const auto asked = [](const origin_guard& guard, std::string_view host,
                          std::string_view peer = "127.0.0.1") {
        return guard.admit(get("/metrics", {}, host), peer).error;
    };
    const origin_guard own = {};
    for (const auto* host : {"localhost", "LOCALHOST:8080", "app.localhost:8080", "127.0.0.1:8080",
                             "[::1]:8080", "192.0.2.7", "127.0.0.1"}) {
        CAPTURE(host);
        CHECK_FALSE(asked(own, host));
    }
    for (const auto* host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                             "notlocalhost", "127.0.0.1.evil.example"}) {
        CAPTURE(host);
        CHECK(asked(own, host) == errc::forbidden);
        CHECK(asked(own, host, "::1") == errc::forbidden);
        CHECK_FALSE(asked(own, host, "192.0.2.1"));
        CHECK_FALSE(asked(own, host, "memory"));
    }
    const origin_guard listed = {{.allowed = {"https://app.example"}}};
    CHECK_FALSE(asked(listed, "app.example"));
    CHECK_FALSE(asked(listed, "localhost"));
    CHECK(asked(listed, "evil.example") == errc::forbidden);
}
