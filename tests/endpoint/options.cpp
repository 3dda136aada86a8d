#include <millrace/endpoint/options.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server.hpp"

using namespace millrace;

TEST_CASE("an option is set by its name and leaves the others at their defaults") {
    const endpoint_options options{.port = 0, .max_message_bytes = 64 * 1024};
    REQUIRE(options.port == 0);
    REQUIRE(options.max_message_bytes == 64 * 1024);
    REQUIRE(options.outbox_bytes == endpoint_options{}.outbox_bytes);
}

TEST_CASE("the defaults fit together") {
    const endpoint_options options;
    REQUIRE(options.ping_interval < options.idle_timeout);
    REQUIRE(options.tick_interval < options.handshake_timeout);
    REQUIRE(options.tick_interval < options.close_timeout);
    REQUIRE(options.close_timeout <= options.stop_timeout);
    REQUIRE(options.default_history_rows <= options.max_history_rows);
    REQUIRE(options.max_message_bytes <= options.outbox_bytes);
    REQUIRE(options.max_message_bytes + options.outbox_bytes < options.max_memory_bytes / 64);
    REQUIRE(options.outbox_low_water < options.outbox_high_water);
    REQUIRE(options.outbox_high_water < options.outbox_bytes);
}

TEST_CASE("no timeout moves when the wall's clock is set, by an hour forward or back") {
    const auto jump = GENERATE(1h, -1h);
    server s{{.handshake_timeout = 5s,
              .ping_interval = 20s,
              .idle_timeout = 60s,
              .close_timeout = 5s,
              .stop_timeout = 10s}};
    s.endpoint.on_message("/raw", [](connection&, std::string_view) {});
    const auto set = [&] {
        s.endpoint.clock().set(s.endpoint.clock().wall() + jump);
        s.advance(0s);
    };
    client silent{s, "/raw"};
    memory_client dawdler{s.io, s.wire}, kept{s.io, s.wire};
    REQUIRE(kept.get("/healthz").starts_with("HTTP/1.1 200 "));
    set();
    REQUIRE_FALSE(dawdler.is_ended());
    REQUIRE_FALSE(kept.is_ended());
    REQUIRE_FALSE(silent.next());
    s.advance(4999ms);
    REQUIRE_FALSE(dawdler.is_ended());
    set();
    s.advance(1ms);
    REQUIRE(dawdler.take_raw().starts_with("HTTP/1.1 408 "));
    s.advance(15s);
    REQUIRE(silent.next()->op == opcode::ping);
    set();
    s.advance(39'999ms);
    REQUIRE_FALSE(silent.next());
    REQUIRE_FALSE(kept.is_ended());
    s.advance(1ms);
    REQUIRE(code_of_close(silent) == close_code::going_away);
    REQUIRE(kept.is_ended());
    set();
    s.advance(4999ms);
    REQUIRE_FALSE(silent.is_ended());
    s.advance(1ms);
    REQUIRE(silent.is_ended());

    client stays{s, "/raw"};
    s.endpoint.stop();
    s.run();
    set();
    s.advance(4999ms);
    REQUIRE_FALSE(stays.is_ended());
    s.advance(1ms);
    REQUIRE(stays.is_ended());
}

namespace {

memory_stream_options of(std::string address) { return {.remote_address = std::move(address)}; }

}  // namespace

TEST_CASE("one address may have so many connections from accept on, and one more gets 429") {
    const std::string address = "192.0.2.1";
    server s{{.max_connections_per_address = 3}};
    s.endpoint.on_message("/raw", [](connection&, std::string_view) {});
    auto open = std::make_unique<client>(s, "/raw", of(address));
    memory_client kept{s.io, s.wire, of(address)}, unfinished{s.io, s.wire, of(address)};
    REQUIRE(kept.get("/api/topics").starts_with("HTTP/1.1 200 "));
    unfinished.send_raw("GET /api");

    memory_client refused{s.io, s.wire, of("::ffff:" + address)};
    REQUIRE(!refused.upgrade("/raw"));
    REQUIRE(refused.take_raw().starts_with("HTTP/1.1 429 "));
    REQUIRE(refused.is_ended());
    memory_client probe{s.io, s.wire, of(address)};
    REQUIRE(probe.get("/healthz").starts_with("HTTP/1.1 200 "));
    REQUIRE(probe.is_ended());
    std::vector<std::unique_ptr<memory_client>> flood;
    for (int i = 0; i != 195; ++i)
        flood.push_back(std::make_unique<memory_client>(s.io, s.wire, of(address)));
    REQUIRE(flood.back()->is_ended());
    REQUIRE(s.counters().connections <= 3 + 8);
    REQUIRE(s.counters().refused == 197);
    memory_client other{s.io, s.wire, of("192.0.2.2")};
    REQUIRE(other.get("/api/topics").starts_with("HTTP/1.1 200 "));

    flood.clear();
    refused.close();
    probe.close();
    open->close();
    memory_client next{s.io, s.wire, of(address)};
    REQUIRE(next.upgrade("/raw"));
}

TEST_CASE("when the server is full, probes and trusted addresses still find a place") {
    server s{{.max_connections = 2, .trusted_addresses = {"192.0.2.9"}}};
    memory_client a{s.io, s.wire}, b{s.io, s.wire};
    memory_client probe{s.io, s.wire}, refused{s.io, s.wire};
    REQUIRE(probe.get("/healthz").starts_with("HTTP/1.1 200 "));
    REQUIRE(probe.is_ended());
    REQUIRE(refused.get("/api/topics").starts_with("HTTP/1.1 503 "));
    memory_client trusted{s.io, s.wire, of("192.0.2.9")};
    REQUIRE(trusted.get("/api/topics").starts_with("HTTP/1.1 200 "));
    REQUIRE(!trusted.is_ended());
}

TEST_CASE("a connection that has made no request is a handshake, of which there may be so many") {
    server s{{.max_handshakes = 3}};
    memory_client a{s.io, s.wire}, b{s.io, s.wire}, c{s.io, s.wire};
    memory_client refused{s.io, s.wire};
    REQUIRE(refused.get("/api/topics").starts_with("HTTP/1.1 503 "));
    REQUIRE(a.get("/healthz").starts_with("HTTP/1.1 200 "));
    b.close();
    memory_client d{s.io, s.wire}, e{s.io, s.wire}, too_many{s.io, s.wire};
    REQUIRE(d.get("/api/topics").starts_with("HTTP/1.1 200 "));
    REQUIRE(too_many.get("/api/topics").starts_with("HTTP/1.1 503 "));
    REQUIRE(e.get("/api/topics").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("one address has but a share of the handshakes") {
    server s{{.max_handshakes = 20, .max_handshakes_per_address = 4}};
    std::vector<std::unique_ptr<memory_client>> silent;
    for (int i = 0; i != 400; ++i)
        silent.push_back(std::make_unique<memory_client>(s.io, s.wire, of("192.0.2.1")));
    REQUIRE(s.counters().connections == 4 + 8);
    memory_client other{s.io, s.wire, of("192.0.2.2")};
    REQUIRE(other.get("/api/topics").starts_with("HTTP/1.1 200 "));
    s.advance(5s);  // they time out
    s.advance(5s);
    memory_client next{s.io, s.wire, of("192.0.2.1")};
    REQUIRE(next.get("/api/topics").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("behind a trusted proxy the client counts, as long as its request or WebSocket takes") {
    server s{{.max_connections_per_address = 1, .trusted_proxies = {"10.0.0.1"}}};
    s.endpoint.on_message("/raw", [](connection&, std::string_view) {});
    const auto behind = [&] { return memory_client{s.io, s.wire, of("10.0.0.1")}; };
    constexpr auto first = "X-Forwarded-For: 192.0.2.1\r\n",
                   second = "X-Forwarded-For: 192.0.2.2\r\n";
    auto kept = behind(), open = behind(), other = behind();
    REQUIRE(kept.get("/api/topics", first).starts_with("HTTP/1.1 200 "));
    REQUIRE(open.upgrade("/raw", first));  // the request is over
    REQUIRE(kept.get("/api/topics", first).starts_with("HTTP/1.1 429 "));
    REQUIRE(kept.get("/healthz", first).starts_with("HTTP/1.1 200 "));
    REQUIRE(kept.get("/api/topics", second).starts_with("HTTP/1.1 200 "));
    REQUIRE(!kept.is_ended());
    REQUIRE(other.upgrade("/raw", second));
    REQUIRE(kept.get("/api/topics", second).starts_with("HTTP/1.1 429 "));
    REQUIRE(kept.get("/api/topics").starts_with("HTTP/1.1 200 "));  // the proxy itself
    open.close();
    REQUIRE(kept.get("/api/topics", first).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a flood of messages is closed with 1008, a burst within the limit is not") {
    int received = 0;
    server s{{.max_messages_per_second = 10}};
    s.endpoint.on_message("/raw", [&](connection&, std::string_view) { ++received; });
    client c{s, "/raw"};
    for (int round = 0; round != 3; ++round) {
        for (int i = 0; i != 10; ++i) c.send_text("x");
        s.advance(1s);
    }
    REQUIRE(received == 30);
    REQUIRE(!c.next());
    for (int i = 0; i != 11; ++i) c.send_text("x");
    REQUIRE(code_of_close(c) == close_code::policy_violation);
    REQUIRE(received == 40);
    REQUIRE(s.counters().floods == 1);
}

TEST_CASE("on_drain comes once the outbox has fallen from its high to its low water mark") {
    struct source {
        connection*& to;
        int& drained;
        void on_open(connection& c) { to = &c; }
        void operator()(connection&, std::string_view) {}
        void on_drain(connection&) { ++drained; }
    };
    connection* to = nullptr;
    int drained = 0;
    server s{{.outbox_high_water = 3000, .outbox_low_water = 1000}};
    s.endpoint.on_message("/feed", source{to, drained});
    client c{s, "/feed", {.capacity_bytes = 100}};
    c.stall();
    to->send(std::string(2000, 'x'));
    s.run();
    REQUIRE(!to->is_congested());
    to->send(std::string(2000, 'x'));
    s.run();
    REQUIRE(to->is_congested());
    REQUIRE(drained == 0);
    c.stall(false);
    REQUIRE(!to->is_congested());
    REQUIRE(drained == 1);
}

TEST_CASE("a pause does not count as silence, and one that does not end closes with 1013") {
    struct waiting {
        connection*& from;
        int& closed;
        void on_open(connection& c) {
            from = &c;
            c.pause_reading();
        }
        void operator()(connection&, std::string_view) {}
        void on_close(connection&) { ++closed; }
    };
    connection* from = nullptr;
    int closed = 0;
    server s{{.ping_interval = 20s, .idle_timeout = 60s, .pause_timeout = 2min}};
    s.endpoint.on_message("/wait", waiting{from, closed});
    client c{s, "/wait"};
    s.advance(119s);
    REQUIRE(!c.next());
    from->pause_reading();  // the same pause
    from->resume_reading();
    s.run();
    s.advance(19s);
    REQUIRE(!c.next());  // its silence begins with the end of the pause
    s.advance(1s);
    REQUIRE(c.next()->op == opcode::ping);
    s.advance(39s);
    from->pause_reading();
    s.advance(119s);
    REQUIRE(!c.next());
    s.advance(1s);
    REQUIRE(code_of_close(c) == close_code::try_again_later);
    REQUIRE(s.counters().timeouts == 1);
    s.advance(5s);  // no answer to the close frame
    REQUIRE(closed == 1);

    client gone{s, "/wait"};
    gone.close();
    s.advance(2min);
    s.advance(5s);
    REQUIRE(closed == 2);
    REQUIRE(s.counters().connections == 0);
}

TEST_CASE("while reading is paused the sender has to wait, and nothing is lost") {
    struct reader {
        connection*& from;
        std::string& got;
        void on_open(connection& c) { from = &c; }
        void operator()(connection& c, std::string_view message) {
            got += message;
            if (message == "1") c.pause_reading();
        }
    };
    connection* from = nullptr;
    std::string got;
    server s{{.ping_interval = 1s, .idle_timeout = 2s, .tick_interval = 250ms}};
    s.endpoint.on_message("/slow", reader{from, got});
    client c{s, "/slow", {.capacity_bytes = 70}};
    const auto frames = [](std::string_view texts) {
        std::string stream;
        for (const char text : texts)
            websocket::append_masked_frame(stream, opcode::text, {&text, 1}, 0xabcdef01);
        return stream;
    };
    c.send_raw(frames("01213"));
    REQUIRE(got == "01");
    s.advance(10s);  // its silence is ours
    REQUIRE(!c.next());

    std::error_code error;
    const std::string more = frames("4444444444");  // of 7 bytes each
    const std::array<asio::const_buffer, 1> parts{asio::buffer(more)};
    REQUIRE(c.stream().write_some(parts, error) == 70);
    s.run();
    REQUIRE(c.stream().write_some(parts, error) == 0);
    REQUIRE(error == asio::error::would_block);

    from->resume_reading();
    s.run();
    REQUIRE(got == "0121");
    from->close(close_code::normal);  // it reads on, to see the peer's close frame
    REQUIRE(code_of_close(c) == close_code::normal);
    c.send_close();
    REQUIRE(s.counters().connections == 0);
    REQUIRE(got == "0121");
}
