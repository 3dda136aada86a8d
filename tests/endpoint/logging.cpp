#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/run.hpp>

#include "server.hpp"

using namespace millrace;

namespace {

struct reading {
    int ward = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(millrace::field{"ward",
                                                                                   &reading::ward});

namespace {

/// Who says who it is may pass.
struct caller_guard {
    verdict admit(const http::request& r, std::string_view) const {
        const auto who = r.query("who");
        return who ? verdict::pass(*who) : verdict{errc::unauthorized, "who?"};
    }
};

/// An endpoint whose log is kept.
struct told_server {
    explicit told_server(endpoint_options options = {}) : s{with_log(std::move(options))} {}

    [[nodiscard]] endpoint_options with_log(endpoint_options options) {
        options.log = [this](const log_entry& e) {
            events.push_back(e.what);
            messages.emplace_back(e.message);
            connections.push_back(e.connection);
        };
        return options;
    }
    [[nodiscard]] bool has_told(log_event what, std::string_view part = {}) const {
        for (std::size_t i = 0; i != events.size(); ++i)
            if (events[i] == what && messages[i].find(part) != std::string::npos) return true;
        return false;
    }

    void forget() {
        events.clear();
        messages.clear();
        connections.clear();
    }

    std::vector<log_event> events;
    std::vector<std::string> messages;
    std::vector<std::uint64_t> connections;
    server s;
};

}  // namespace

TEST_CASE("an operator is told of the start, with version and loops, and of the end") {
    told_server t;
    REQUIRE(t.events == std::vector{log_event::started});
    REQUIRE(t.messages[0].starts_with("millrace 0."));
    REQUIRE(t.messages[0].ends_with("loops: 1"));
    t.s.endpoint.stop();
    t.s.run();
    REQUIRE(t.has_told(log_event::stopped));
}

TEST_CASE("the end is told once, whatever is open then") {
    told_server t;
    memory_client kept{t.s.io, t.s.wire};
    REQUIRE(kept.get("/healthz").find("keep-alive") != std::string::npos);
    t.s.endpoint.stop();
    t.s.run();
    t.s.advance(1s);
    REQUIRE(std::count(t.events.begin(), t.events.end(), log_event::stopped) == 1);
}

TEST_CASE("a refusal is told with address and principal, a wrong request is none") {
    using named = endpoint<memory, caller_guard, null_metrics, manual_clock>;
    std::string told;
    asio::io_context io;
    memory wire;
    named endpoint{io,
                   {.may = [](auto&&...) { return false; },
                    .log =
                        [&](const log_entry& e) {
                            if (e.what == log_event::denied) told.append(e.message).append("\n");
                        }},
                   wire};
    endpoint.serve(from<reading>("vitals") | key_by(&reading::ward) | publish("live"));
    memory_client c{io, wire, {.remote_address = "203.0.113.9"}};
    static_cast<void>(c.get("/healthy"));
    c.send_raw("POST /vitals?who=ann HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    REQUIRE(c.take_raw().find("403") != std::string::npos);
    memory_client wrong{io, wire}, follower{io, wire, {.remote_address = "203.0.113.9"}};
    REQUIRE(!wrong.upgrade("/live?who=ann&key=abc"));
    REQUIRE(!follower.upgrade("/live?who=ann"));
    REQUIRE(told ==
            "GET /healthy from 203.0.113.9: who?\n"
            "POST /vitals?who=ann from 203.0.113.9 as ann: may not send\n"
            "GET /live?who=ann from 203.0.113.9 as ann: may not follow\n");
}

TEST_CASE("what a rule throws is told as the rule's, with what it was asked") {
    told_server t{{.may = [](auto&&...) -> bool { throw std::runtime_error{"no roles"}; }}};
    t.s.endpoint.serve(from<reading>("vitals") | publish("live"));
    memory_client c{t.s.io, t.s.wire}, follower{t.s.io, t.s.wire};
    static_cast<void>(c.get("/api/topics/live"));
    REQUIRE(t.has_told(log_event::handler_failed, "may, asked to read /api/topics/live: no roles"));
    REQUIRE(!follower.upgrade("/live"));
    REQUIRE(t.has_told(log_event::handler_failed, "may, asked to follow /live: no roles"));
}

TEST_CASE("a peer that does not answer a close is told as such") {
    told_server t;
    t.s.endpoint.add_topic("news");
    client c{t.s, "/news"};
    c.send_text("x");  // a topic takes none: it is closed
    t.s.advance(6s);
    REQUIRE(t.has_told(log_event::timed_out, "the closing handshake"));
}

TEST_CASE("what a handler throws is told with its what() and its connection") {
    told_server t;
    t.s.endpoint.on_message("/bad", [](connection&, std::string_view) {
        throw std::runtime_error{"division by a customer"};
    });
    client c{t.s, "/bad"};
    c.send_text("x");
    REQUIRE(code_of_close(c) == close_code::internal_error);
    REQUIRE(t.has_told(log_event::handler_failed, "division by a customer"));
    REQUIRE(t.connections.back() == 1);
}

TEST_CASE("refusals, floods, silence and broken protocols are told with their reason") {
    told_server t{{.max_connections = 3, .max_control_frames_per_second = 2}};
    t.s.endpoint.on_message("/echo", [](connection&, std::string_view) {});
    memory_client http{t.s.io, t.s.wire};
    http.send_raw("nonsense\r\n\r\n");
    REQUIRE(t.has_told(log_event::protocol_error));
    t.forget();
    {
        client c{t.s, "/echo"};
        c.send_raw(std::string("\xff\xff", 2));
        REQUIRE(t.has_told(log_event::protocol_error));
        c.close();
        t.s.run();
    }
    {
        client c{t.s, "/echo"};
        for (int i = 0; i != 4; ++i) c.send(opcode::ping, "");
        REQUIRE(t.has_told(log_event::flooded, "too many control frames"));
        c.close();
        t.s.run();
    }
    {
        client c{t.s, "/echo"};
        t.s.advance(61s);
        REQUIRE(t.has_told(log_event::timed_out));
        c.close();
        t.s.run();
    }
    std::vector<memory_client> many;
    for (int i = 0; i != 5; ++i) many.emplace_back(t.s.io, t.s.wire);
    REQUIRE(t.has_told(log_event::refused));
    t.forget();
    many.back().send_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    t.s.run();
    REQUIRE(t.events.empty());  // that it is refused has been told
}

TEST_CASE("a slow reader is told of once for each time that it falls behind") {
    told_server t{{.outbox_bytes = 1'000, .outbox_high_water = 500, .outbox_low_water = 100}};
    auto& news = t.s.endpoint.add_topic("news");
    client c{t.s, "/news", {.capacity_bytes = 64}};
    const auto count = [&] {
        return std::count(t.events.begin(), t.events.end(), log_event::slow_consumer);
    };
    for (int times = 1; times != 3; ++times) {
        c.stall();
        for (int i = 0; i != 100; ++i) {
            t.s.endpoint.publish(news, std::string(50, 'x'));
            t.s.run();
        }
        REQUIRE(t.s.counters().frames_dropped > 0);
        REQUIRE(count() == times);
        REQUIRE(t.has_told(log_event::slow_consumer, "dropped"));
        c.stall(false);
        while (c.next()) {
        }
        t.s.run();
    }
}

TEST_CASE("a log that throws is left alone") {
    asio::io_context io;
    memory wire;
    memory_endpoint endpoint{io, {.log = [](const log_entry&) { throw 1; }}, wire};
    memory_client http{io, wire};
    http.send_raw("nonsense\r\n\r\n");
    REQUIRE(http.take_raw().starts_with("HTTP/1.1 400"));
}
