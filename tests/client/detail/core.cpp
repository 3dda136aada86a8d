#include <millrace/client/detail/core.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include <asio/post.hpp>

#include "../client_peer.hpp"
#include "counted_new.hpp"

#if defined(MILLRACE_WITH_DEFLATE)
#include <millrace/websocket/permessage_deflate.hpp>
#endif

using namespace millrace;

namespace {

/// A transport that does not connect until the attempt is ended.
struct unreachable : memory {
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options& to,
                                        Handler f) {
        *asked = to;
        asio::post(io, [ended = ended, f = std::move(f)]() mutable { *ended = std::move(f); });
        return [&io, ended = ended] {
            if (*ended)
                asio::post(io, [f = std::exchange(*ended, nullptr)] {
                    f(asio::error::operation_aborted, {});
                });
        };
    }
    using handler = std::function<void(std::error_code, stream)>;
    std::shared_ptr<handler> ended = std::make_shared<handler>();
    std::shared_ptr<connect_options> asked = std::make_shared<connect_options>();
};

using longest_line = basic_line<memory, longest_waits>;

/// Milliseconds that pass until the client connects again, to within `step`.
template <class Line>
long long wait_of(Line& l, std::chrono::milliseconds step = 1ms) {
    std::chrono::milliseconds passed{0};
    const auto state = [&] {
        l.other.run();
        return l.client->state();
    };
    REQUIRE(state() == client_state::waiting);
    while (state() == client_state::waiting) {
        l.client->clock().advance(step);
        l.client->tick();
        passed += step;
    }
    return passed.count();
}

}  // namespace

TEST_CASE("no wait or timeout moves when the wall's clock is set, by an hour forward or back") {
    const auto jump = GENERATE(std::chrono::hours{1}, std::chrono::hours{-1});
    longest_line l{{.url = "ws://host/feed",
                    .connect_timeout = 1s,
                    .ping_interval = 5s,
                    .idle_timeout = 10s,
                    .reconnect = {.base = 100ms, .cap = 1s, .stable_after = 30s}}};
    const auto set = [&] {
        auto& clock = l.client->clock();
        clock.set(clock.wall() + jump);
        l.advance(0s);
    };
    l.open();
    set();
    CHECK(l.client->state() == client_state::open);
    l.other.drop();
    l.other.run();
    REQUIRE(l.client->state() == client_state::waiting);
    set();
    CHECK(wait_of(l) == 100);
    set();
    l.advance(999ms);
    CHECK(l.client->state() == client_state::connecting);
    l.advance(1ms);
    CHECK(wait_of(l) == 200);
}

TEST_CASE("waits double up to the cap, and begin anew behind a connection that stood") {
    longest_line l{{.url = "ws://host/feed",
                    .connect_timeout = 1s,
                    .reconnect = {.base = 100ms, .cap = 1s, .stable_after = 5s}}};
    std::vector<long long> waits;
    for (int i = 0; i != 6; ++i) {
        l.other.run();
        l.other.drop();
        waits.push_back(wait_of(l));
    }
    CHECK(waits == std::vector<long long>{100, 200, 400, 800, 1000, 1000});

    l.open();
    l.advance(4999ms);
    l.other.drop();
    CHECK(wait_of(l) == 1000);
    l.open();
    l.advance(5s);
    l.other.drop();
    CHECK(wait_of(l) == 100);
}

TEST_CASE("waits are spread over all of what they may be") {
    line l{{.url = "ws://host/feed", .reconnect = {.base = 1s, .cap = 1s}}};
    CAPTURE(test_seed());
    std::vector<long long> waits;
    for (int i = 0; i != 200; ++i) {
        l.other.run();
        l.other.drop();
        waits.push_back(wait_of(l, 10ms));
    }
    std::sort(waits.begin(), waits.end());
    CHECK(waits.front() < 60);
    CHECK(waits[100] > 350);
    CHECK(waits[100] < 650);
    CHECK(waits.back() > 940);
    CHECK(waits.back() <= 1010);
}

TEST_CASE("a client that has tried often enough stops") {
    longest_line l{{.url = "ws://host/feed", .reconnect = {.base = 1ms, .max_attempts = 2}}};
    l.client->send("waits in vain");
    for (int i = 0; i != 3; ++i) {
        l.other.run();
        l.other.drop();
        l.advance(1min);
    }
    const auto lost = "error: connection lost";
    CHECK(l.said() == strings{"connecting", lost, "waiting", "connecting", lost, "waiting",
                              "connecting", lost, "stopped"});
    CHECK(l.other.connections() == 3);
    CHECK(!l.client->send("too late"));
    CHECK(l.client->stats().dropped == 1);
    l.advance(1h);
    CHECK(l.said().empty());
}

TEST_CASE("a client that is not to connect again does not") {
    line l{{.url = "ws://host/feed", .reconnect = {.max_attempts = 0}}};
    l.open();
    l.other.drop();
    CHECK(l.said() == strings{"connecting", "open", "on_open", "error: connection lost",
                              "on_close 1006 (for good)", "stopped"});
}

TEST_CASE("nobody listens") {
    asio::io_context io;
    strings log;
    client<memory, manual_clock> lonely{
        io,
        {.url = "ws://host/", .reconnect = {.max_attempts = 0}},
        {.on_error = [&](std::error_code e) { log.push_back(e.message()); }}};
    io.run();
    CHECK(log == strings{make_error_code(asio::error::connection_refused).message()});
    CHECK(lonely.state() == client_state::stopped);
}

TEST_CASE("an attempt has the connect timeout, up to its last step") {
    SECTION("no connection") {
        basic_line<unreachable> l{{.url = "ws://name.example:9000/feed",
                                   .connect_host = "",
                                   .proxy = "proxy:3128",
                                   .connect_timeout = 3s}};
        l.other.run();
        CHECK(l.wire.asked->host == "name.example");
        CHECK(l.wire.asked->port == 9000);
        CHECK(l.wire.asked->proxy == "proxy:3128");
        l.advance(2999ms);
        CHECK(l.said() == strings{"connecting"});
        l.advance(1ms);
        CHECK(l.said() == strings{"error: timed out", "waiting"});
    }
    SECTION("no answer") {
        line l{{.url = "ws://host/feed", .connect_timeout = 3s}};
        l.other.run();
        l.other.write("HTTP/1.1 101 ");
        l.advance(2999ms);
        CHECK(l.said() == strings{"connecting"});
        l.advance(1ms);
        CHECK(l.said() == strings{"error: timed out", "waiting"});
        CHECK(l.other.is_ended());
    }
    SECTION("no longer once it is open") {
        line l{{.url = "ws://host/feed", .connect_timeout = 3s}};
        l.open();
        l.advance(4s);
        CHECK(l.client->state() == client_state::open);
    }
}

TEST_CASE("another host can be connected to, and the URL's is still expected there") {
    basic_line<unreachable> l{{.url = "ws://name.example/feed", .connect_host = "/run/feed.sock"}};
    l.other.run();
    CHECK(l.wire.asked->host == "/run/feed.sock");
    CHECK(l.wire.asked->server_name == "name.example");
    CHECK(l.wire.asked->port == 80);
}

TEST_CASE("what is sent without a connection waits for one, within its limit") {
    SECTION("in order") {
        line l;
        for (int i = 0; i != 100; ++i) CHECK(l.client->send(std::to_string(i)));
        l.open();
        const auto texts = l.other.texts();
        REQUIRE(texts.size() == 100);
        for (int i = 0; i != 100; ++i)
            CHECK(texts[static_cast<std::size_t>(i)] == std::to_string(i));
        CHECK(l.client->stats().messages_out == 100);
        CHECK(l.client->queued_bytes() == 0);
    }
    SECTION("without the oldest") {
        line l{{.url = "ws://host/feed", .outbox_bytes = 3 * (64 + 7)}};
        for (const auto* text : {"a", "b", "c", "d", "e"}) CHECK(l.client->send(text));
        l.open();
        CHECK(l.other.texts() == strings{"c", "d", "e"});
        CHECK(l.client->stats().dropped == 2);
    }
    SECTION("without the newest") {
        line l{{.url = "ws://host/feed",
                .outbox_bytes = 3 * (64 + 7),
                .when_full = full_outbox::refuse}};
        for (const auto* text : {"a", "b", "c"}) CHECK(l.client->send(text));
        CHECK(!l.client->send("d"));
        l.open();
        CHECK(l.other.texts() == strings{"a", "b", "c"});
        CHECK(l.client->stats().dropped == 0);
    }
}

TEST_CASE("what on_open sends goes first, on each connection") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    int logins = 0;
    std::optional<client<memory, manual_clock, seeded>> c;
    c.emplace(io, client_options{.url = "ws://host/"},
              client_handlers{.on_open = [&] { c->send("login " + std::to_string(++logins)); }},
              wire);
    c->send("waited");
    other.upgrade();
    CHECK(other.texts() == strings{"login 1", "waited"});
    other.drop();
    c->send("waited, too");
    c->clock().advance(1min);
    c->tick();
    other.upgrade();
    CHECK(other.texts() == strings{"login 2", "waited, too"});
}

TEST_CASE("stop says goodbye, and there is no other connection") {
    line l;
    l.open();
    l.said();
    l.client->send("last words");
    l.client->stop();
    CHECK(!l.client->send("too late"));
    CHECK(l.other.next_text() == "last words");
    CHECK(l.other.next_close() == close_code::normal);
    l.other.send_close(close_code::normal);
    l.other.drop();
    CHECK(l.said() == strings{"closing", "on_close 1000 (for good)", "stopped"});
    l.client->stop();
    l.advance(1h);
    CHECK(l.said().empty());
    CHECK(l.other.connections() == 1);
}

TEST_CASE("a second stop does not wait for the server") {
    line l;
    l.open();
    l.said();
    l.client->stop();
    l.other.run();
    l.client->stop();
    CHECK(l.said() == strings{"closing", "on_close 1006 (for good)", "stopped"});
    CHECK(l.other.is_ended());
}

TEST_CASE("stop ends an attempt and a wait at once") {
    SECTION("before the first step") {
        line l;
        l.client->stop();
        CHECK(l.said() == strings{"connecting", "stopped"});
    }
    SECTION("while it connects") {
        basic_line<unreachable> l;
        CHECK(l.said() == strings{"connecting"});
        l.client->stop();
        l.client->stop();
        CHECK(l.said() == strings{"stopped"});
    }
    SECTION("while it waits for the answer") {
        line l;
        l.other.run();
        l.client->stop();
        CHECK(l.said() == strings{"connecting", "stopped"});
        CHECK(l.other.is_ended());
    }
    SECTION("while it waits for the next attempt") {
        line l;
        l.other.run();
        l.other.drop();
        l.said();
        l.client->stop();
        CHECK(l.said() == strings{"stopped"});
        l.advance(1h);
        CHECK(l.said().empty());
    }
    SECTION("while it closes") {
        line l;
        l.open();
        l.client->close(close_code{4000});
        l.said();
        l.client->stop();
        l.other.send_close(close_code{4000});
        l.other.drop();
        CHECK(l.said() == strings{"on_close 4000 (for good)", "stopped"});
    }
}

TEST_CASE("handlers may stop the client") {
    for (const std::string_view when :
         {"on_state", "on_open", "on_message", "on_close", "on_error"}) {
        CAPTURE(when);
        line l;
        auto handlers = l.handlers();
        std::optional<line::client_type> c;
        strings log;
        const auto act = [&](std::string_view where) {
            log.emplace_back(where);
            if (where == when) c->stop();
        };
        c.emplace(l.io, client_options{.url = "ws://host/"},
                  client_handlers{.on_open = [&] { act("on_open"); },
                                  .on_message = [&](auto, auto) { act("on_message"); },
                                  .on_close = [&](auto, auto, auto) { act("on_close"); },
                                  .on_state = [&](auto) { act("on_state"); },
                                  .on_error = [&](auto) { act("on_error"); }},
                  l.wire);
        l.client.reset();
        l.other.run();
        if (when != "on_state") {
            l.other.upgrade();
            l.other.send(opcode::text, "a");
            l.other.drop();
        }
        l.other.run();
        CHECK(c->state() == client_state::stopped);
        CHECK(std::count(log.begin(), log.end(), "on_open") ==
              std::count(log.begin(), log.end(), "on_close"));
    }
}

TEST_CASE("a client may be destroyed in each of its handlers") {
    for (const std::string_view when :
         {"on_state connecting", "on_state open", "on_open", "on_message", "on_state closing",
          "on_close", "on_error", "on_state waiting"}) {
        CAPTURE(when);
        asio::io_context io;
        memory wire;
        peer other{io, wire};
        std::optional<client<memory, manual_clock, seeded>> c;
        strings log;
        const auto act = [&](std::string where) {
            log.push_back(where);
            if (where == when) c.reset();
        };
        constexpr std::array states{"connecting", "open", "closing", "waiting", "stopped"};
        c.emplace(io, client_options{.url = "ws://host/"},
                  client_handlers{.on_open = [&] { act("on_open"); },
                                  .on_message = [&](auto, auto) { act("on_message"); },
                                  .on_close = [&](auto, auto, auto) { act("on_close"); },
                                  .on_state =
                                      [&](auto state) {
                                          act("on_state " +
                                              std::string{states[static_cast<std::size_t>(state)]});
                                      },
                                  .on_error = [&](auto) { act("on_error"); }},
                  wire);
        other.run();
        if (when != "on_state connecting") {
            other.upgrade();
            other.send(opcode::text, "a");
            if (when == "on_state closing") other.send_close(close_code::normal);
            other.drop();
        }
        other.run();
        CHECK(!c);
        CHECK(std::find(log.begin(), log.end(), when) != log.end());
        CHECK(std::count(log.begin(), log.end(), "on_open") ==
              std::count(log.begin(), log.end(), "on_close"));
    }
}

TEST_CASE("no handler is called once a client is destroyed") {
    for (const std::string_view when : {"on_open", "on_message", "on_error", "on_close"}) {
        CAPTURE(when);
        line l;
        std::optional<line::client_type> c;
        strings log;
        bool is_gone = false;
        const auto act = [&](std::string_view where) {
            CHECK(!is_gone);
            log.emplace_back(where);
            if (where != when) return;
            c.reset();
            is_gone = true;
            throw std::runtime_error("after the end");
        };
        l.client.reset();
        c.emplace(l.io, client_options{.url = "ws://host/"},
                  client_handlers{.on_open = [&] { act("on_open"); },
                                  .on_message = [&](auto, auto) { act("on_message"); },
                                  .on_close = [&](auto, auto, auto) { act("on_close"); },
                                  .on_state = [&](auto) { CHECK(!is_gone); },
                                  .on_error = [&](auto) { act("on_error"); }},
                  l.wire);
        l.other.upgrade();
        l.other.send(opcode::text, "a");
        l.other.send(opcode::text, "b");
        l.other.drop();
        l.other.run();
        CHECK(is_gone);
        CHECK(std::count(log.begin(), log.end(), "on_close") == 1);
    }
}

TEST_CASE("on_close says that there is no other connection when on_error has stopped the client") {
    line l;
    auto handlers = l.handlers();
    std::optional<line::client_type> c;
    handlers.on_error = [&](auto) { c->stop(); };
    l.client.reset();
    c.emplace(l.io, client_options{.url = "ws://host/"}, handlers, l.wire);
    l.other.upgrade();
    l.said();
    l.other.drop();
    CHECK(l.said() == strings{"on_close 1006 (for good)", "waiting", "stopped"});
}

TEST_CASE("a client that is destroyed has closed what it opened") {
    line l;
    l.open();
    l.said();
    l.client.reset();
    CHECK(l.log == strings{"on_close 1006 (for good)"});
    CHECK(l.other.is_ended());
    CHECK(l.said().size() == 1);
}

TEST_CASE("a handler that throws ends no more than its connection") {
    for (const std::string_view when :
         {"on_state", "on_open", "on_message", "on_close", "on_error"}) {
        CAPTURE(when);
        asio::io_context io;
        memory wire;
        peer other{io, wire};
        int throws = 0, failures = 0, opened = 0, closed = 0;
        const auto act = [&](std::string_view where) {
            if (where != when) return;
            ++throws;
            throw std::runtime_error("handler");
        };
        client<memory, manual_clock, seeded> c{
            io,
            {.url = "ws://host/"},
            {.on_open =
                 [&] {
                     ++opened;
                     act("on_open");
                 },
             .on_message = [&](auto, auto) { act("on_message"); },
             .on_close =
                 [&](auto, auto, auto) {
                     ++closed;
                     act("on_close");
                 },
             .on_state = [&](auto) { act("on_state"); },
             .on_error =
                 [&](std::error_code e) {
                     if (e == errc::handler_failed) ++failures;
                     act("on_error");
                 }},
            wire};
        for (int round = 0; round != 2; ++round) {
            other.upgrade();
            other.send(opcode::text, "a");
            if (when == "on_open" || when == "on_message")
                CHECK(other.next_close() == close_code::internal_error);
            other.drop();
            c.clock().advance(1min);
            c.tick();
        }
        CHECK(throws >= 2);
        CHECK(failures == (when == "on_error" ? 0 : throws));
        CHECK(opened == 2);
        CHECK(closed == 2);
    }
}

TEST_CASE("posted functions run in the client's thread, unless the client is gone") {
    line l;
    int runs = 0;
    l.client->post([&] { ++runs; });
    CHECK(runs == 0);
    l.other.run();
    CHECK(runs == 1);
    l.client->post([&] { ++runs; });
    l.client.reset();
    l.other.run();
    CHECK(runs == 1);
}

TEST_CASE("timers act without a tick") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    client<memory> c{io,
                     {.url = "ws://host/", .reconnect = {.base = 1ms, .cap = 1ms}},
                     {.on_error = [&](auto) {}},
                     wire};
    while (other.connections() < 3) {
        io.restart();
        if (c.state() == client_state::waiting) io.run_one_for(10s);
        other.drop();
    }
    CHECK(c.stats().failures >= 2);
}

namespace {

/// What sending `count` messages of `bytes` at a time allocates, once it has been done for a while.
std::size_t allocations_to_send(line& l, std::size_t count, std::size_t bytes, bool in_thread) {
    const std::string text(bytes, 'x');
    std::size_t made = 0;
    for (int round = 0; round != 100; ++round) {
        if (round == 50) made = 0;
        const auto send = [&] {
            const auto before = allocation_count.load();
            for (std::size_t i = 0; i != count; ++i) l.client->send(text);
            made += allocation_count - before;
        };
        in_thread ? std::thread{send}.join() : send();
        const auto before = allocation_count.load();
        l.io.restart();
        l.io.poll();
        made += allocation_count - before;
        CHECK(l.other.texts() == strings(count, text));
    }
    return made;
}

}  // namespace

TEST_CASE("in a steady state nothing is allocated for what is sent") {
    SECTION("as it is") {
        line l;
        l.open();
        CHECK(allocations_to_send(l, 1, 100, false) == 0);
        CHECK(allocations_to_send(l, 100, 100, false) == 0);
        CHECK(allocations_to_send(l, 1, 50'000, false) == 0);
    }
    SECTION("by another thread") {
        line l;
        l.open();
        CHECK(allocations_to_send(l, 1, 100, true) == 0);
        CHECK(allocations_to_send(l, 100, 100, true) == 0);
    }
#if defined(MILLRACE_WITH_DEFLATE)
    SECTION("compressed") {
        const bool keeps_context = GENERATE(true, false);
        const auto deflate = std::make_shared<websocket::permessage_deflate>(
            websocket::deflate_options{.client_no_context_takeover = !keeps_context});
        line l{{.url = "ws://host/feed", .compression = deflate}};
        l.other.upgrade({}, deflate.get());
        CHECK(allocations_to_send(l, 1, 100, false) == 0);
        CHECK(allocations_to_send(l, 100, 1000, false) == 0);
    }
#endif
}
