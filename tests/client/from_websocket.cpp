#include <millrace/client/from_websocket.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/analyzers/sum.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/testing/memory_client.hpp>
#include <millrace/windows/tumbling.hpp>

#include "client_peer.hpp"

using namespace millrace;

namespace {

struct tick_event {
    std::string_view symbol;
    double size;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<tick_event> = millrace::fields(
    millrace::field{"symbol", &tick_event::symbol}, millrace::field{"size", &tick_event::size},
    millrace::event_time{"time", &tick_event::time, millrace::time_format::milliseconds});

namespace {

auto volumes() {
    return from<tick_event>("ticks") | key_by(&tick_event::symbol) |
           window(tumbling{1s}, idle_timeout{2s}, drop_late) | process<sum<&tick_event::size>>() |
           publish("volumes");
}

std::string event(std::string_view symbol, double size, int time) {
    return R"({"symbol":")" + std::string{symbol} + R"(","size":)" + std::to_string(size) +
           R"(,"time":)" + std::to_string(time) + "}";
}

constexpr timestamp at_1s{std::chrono::seconds{1}};
const strings subscriptions{R"({"subscribe":"a"})", R"({"subscribe":"b"})"};

}  // namespace

TEST_CASE("a feed's texts become a started pipeline's events") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    std::map<std::string, double> sums;
    auto running =
        start(volumes(), [&](const auto& row) { sums[std::string{row.key}] += at<"sum">(row); });
    from_websocket feed{io,   running,       {.url = "ws://exchange/"}, subscriptions, {},
                        wire, manual_clock{}};
    other.upgrade();
    CHECK(other.texts() == subscriptions);
    other.send(opcode::text, R"({"result":null,"id":1})");
    other.send(opcode::text, event("A", 1, 100));
    other.send(opcode::text, event("A", 2, 200) + "\n" + event("B", 4, 300));
    other.send(opcode::text, "[" + event("A", 8, 400) + R"(,{"symbol":"A"}])");
    other.send(opcode::binary, event("A", 16, 500));
    CHECK(sums.empty());
    other.send(opcode::text, event("A", 32, 1100));
    CHECK(sums == std::map<std::string, double>{{"A", 11}, {"B", 4}});
    CHECK(feed.stats().messages == 5);
    CHECK(feed.stats().rejected == 2);
    CHECK(feed.stats().last_rejection == errc::missing_field);
    CHECK(feed.stats().binary == 1);
    CHECK(running.stats().events == 5);
    CHECK(feed.connection().stats().messages_in == 6);
}

TEST_CASE("windows close when the feed is silent") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    int records = 0;
    auto running = start(volumes(), [&](const auto&) { ++records; });
    from_websocket feed{io, running, {.url = "ws://exchange/"}, {}, {}, wire, manual_clock{at_1s}};
    other.upgrade();
    other.send(opcode::text, event("A", 1, 100));
    feed.tick();
    CHECK(records == 0);
    feed.connection().clock().advance(10s);
    feed.tick();
    CHECK(records == 1);
}

TEST_CASE("a feed subscribes again on each connection") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    auto running = start(volumes());
    int opened = 0;
    from_websocket feed{io,
                        running,
                        {.url = "ws://exchange/"},
                        subscriptions,
                        {.on_open = [&] { ++opened; }},
                        wire,
                        manual_clock{}};
    for (int round = 1; round != 4; ++round) {
        other.upgrade();
        CHECK(other.texts() == subscriptions);
        CHECK(opened == round);
        other.send(opcode::text, event("A", 1, 100));
        other.drop();
        feed.connection().clock().advance(1min);
        feed.tick();
    }
    CHECK(running.stats().events == 3);
}

TEST_CASE("a feed of a served pipeline reaches the endpoint's subscribers") {
    asio::io_context io;
    memory outside, inside;
    peer exchange{io, outside};
    endpoint<memory> server{io, {}, inside};
    auto& running = server.serve(volumes());
    from_websocket feed{io, running, {.url = "ws://exchange/"}, subscriptions, {}, outside};
    testing::memory_client subscriber{io, inside};
    REQUIRE(subscriber.upgrade("/volumes"));
    exchange.upgrade();
    exchange.send(opcode::text, event("A", 1, 100) + "\n" + event("A", 2, 1100));
    CHECK(subscriber.next_text().starts_with(R"({"symbol":"A","start":"1970-01-01T00:00:00Z")"));
}

TEST_CASE("a feed may be destroyed in its handlers") {
    for (const std::string_view when : {"on_open", "on_state", "on_error", "on_close"}) {
        CAPTURE(when);
        asio::io_context io;
        memory wire;
        peer other{io, wire};
        auto running = start(volumes());
        using feed = from_websocket<decltype(running), memory, manual_clock>;
        std::optional<feed> f;
        // The capture shows that the handler itself is still there.
        const auto act = [&, kept = std::make_shared<std::string>(when)](std::string_view where) {
            if (where != *kept) return;
            f.reset();
            CHECK(*kept == when);
        };
        f.emplace(io, running, client_options{.url = "ws://exchange/"}, subscriptions,
                  client_handlers{.on_open = [act] { act("on_open"); },
                                  .on_close = [act](auto, auto, auto) { act("on_close"); },
                                  .on_state =
                                      [act](client_state state) {
                                          if (state == client_state::open) act("on_state");
                                      },
                                  .on_error = [act](auto) { act("on_error"); }},
                  wire);
        other.upgrade();
        other.drop();
        CHECK(!f);
    }
}

TEST_CASE("a feed runs by itself, and ends when it is stopped") {
    endpoint<tcp> exchange{{.port = 0, .address = "127.0.0.1"}};
    exchange.on_message("/ws", [](connection& from, std::string_view) {
        from.send(event("A", 1, 100) + "\n" + event("A", 2, 1100));
    });
    std::thread server{[&] { exchange.run(); }};

    // The sink ends the feed, from the feed's own thread.
    std::function<void()> on_record;
    auto running = start(volumes(), [&](const auto&) { on_record(); });
    from_websocket feed{running,
                        {.url = "ws://127.0.0.1:" + std::to_string(exchange.port()) + "/ws"},
                        {"subscribe"}};
    int records = 0;
    on_record = [&] {
        ++records;
        feed.stop();
    };
    feed.run();
    CHECK(records == 1);
    CHECK(feed.connection().state() == client_state::stopped);
    exchange.stop();
    server.join();
}
