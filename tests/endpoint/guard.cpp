#include <millrace/endpoint/guard.hpp>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/core/error.hpp>

#include "guards/scripted.hpp"
#include "server.hpp"

using namespace millrace;

namespace {

struct local_only {
    std::error_code admit(const http::request&, std::string_view remote) const {
        return remote == "127.0.0.1" ? std::error_code{} : make_error_code(errc::forbidden);
    }
};

/// Knows people by ?name=, and refuses in several ways.
struct by_name {
    verdict admit(const http::request& r, std::string_view) const {
        const auto name = r.query("name").value_or("");
        if (name.empty()) return {errc::unauthorized, "who are you?"};
        if (name == "hasty") return errc::too_many_requests;
        return verdict::pass(name);
    }
};

template <class Guard>
struct guarded {
    explicit guarded(Guard who = {}) : endpoint{io, {.idle_timeout = 10s}, wire, who} {
        endpoint.on_message(
            "/whoami", [](connection& from, std::string_view) { from.send(from.principal()); });
    }

    asio::io_context io;
    memory wire;
    millrace::endpoint<memory, Guard, prometheus_metrics, manual_clock> endpoint;
};

}  // namespace

static_assert(guard<open_guard>);
static_assert(synchronous_guard<local_only>);
static_assert(synchronous_guard<by_name>);
static_assert(asynchronous_guard<later> && !synchronous_guard<later>);
static_assert(!guard<int>);

TEST_CASE("the open guard lets everybody in") {
    http::request request;
    http::parse_request("GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n",
                        request);
    REQUIRE(!open_guard{}.admit(request, "203.0.113.9").error);
    REQUIRE(local_only{}.admit(request, "203.0.113.9") == errc::forbidden);
}

TEST_CASE("a refusal comes before the upgrade, with its status, its reason and what to do") {
    guarded<by_name> s;
    memory_client nobody{s.io, s.wire}, hasty{s.io, s.wire};
    const auto unknown = nobody.get("/metrics");
    REQUIRE(unknown.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
    REQUIRE(unknown.find("WWW-Authenticate: Bearer\r\n") != std::string::npos);
    REQUIRE(
        unknown.ends_with("{\"error\":{\"code\":\"unauthorized\",\"reason\":\"who are you?\"}}\n"));
    REQUIRE(!hasty.upgrade("/whoami?name=hasty"));
    const auto slow_down = hasty.take_raw();
    REQUIRE(slow_down.starts_with("HTTP/1.1 429 "));
    REQUIRE(slow_down.find("Retry-After: 1\r\n") != std::string::npos);
    REQUIRE(s.endpoint.snapshot().counters.denied == 2);
}

TEST_CASE("handlers see the principal that the guard names") {
    guarded<by_name> s;
    memory_client ada{s.io, s.wire};
    REQUIRE(ada.upgrade("/whoami?name=ada"));
    ada.send_text("?");
    REQUIRE(ada.next_text() == "ada");
}

TEST_CASE("a guard may answer later, from any thread, and others are served meanwhile") {
    std::vector<verdict_handler> waiting;
    guarded<later> s{later{&waiting}};
    memory_client a{s.io, s.wire}, b{s.io, s.wire}, probe{s.io, s.wire};
    REQUIRE(!a.upgrade("/whoami"));
    REQUIRE(!b.upgrade("/whoami"));
    REQUIRE(waiting.size() == 2);
    REQUIRE(a.take_raw().empty());
    REQUIRE(probe.get("/healthz").starts_with("HTTP/1.1 200"));

    std::thread{[&] {
        waiting[1]({errc::forbidden, "no"});
        waiting[0](verdict::pass("ada"));
        waiting[0](errc::forbidden);  // a second answer is none
    }}.join();
    REQUIRE(b.take_raw().starts_with("HTTP/1.1 403 "));
    REQUIRE(a.take_raw().starts_with("HTTP/1.1 101 "));
    std::string frame;
    websocket::append_masked_frame(frame, websocket::opcode::text, "?", 0x01020304);
    a.send_raw(frame);
    a.run();
    REQUIRE(a.take_raw() ==
            "\x81\x03"
            "ada");
}

TEST_CASE("an answer for one who has gone, and for an endpoint that has, is dropped") {
    std::vector<verdict_handler> waiting;
    {
        guarded<later> s{later{&waiting}};
        memory_client gone{s.io, s.wire}, patient{s.io, s.wire};
        REQUIRE(!gone.upgrade("/whoami"));
        REQUIRE(!patient.upgrade("/whoami"));
        gone.close();
        waiting[0](verdict::pass("ada"));
        gone.run();
        REQUIRE(s.endpoint.snapshot().counters.connections == 1);

        s.endpoint.clock().advance(10s);
        s.endpoint.tick();
        REQUIRE(patient.is_ended());
        REQUIRE(s.endpoint.snapshot().counters.timeouts == 1);
    }
    waiting[1](verdict::pass("bob"));
}
