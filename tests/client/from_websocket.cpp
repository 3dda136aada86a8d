#include <millrace/client/from_websocket.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/analyzers/sum.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/http/request.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/testing/memory_client.hpp>
#include <millrace/websocket/frame_writer.hpp>
#include <millrace/websocket/handshake.hpp>
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
    return from<tick_event>("ticks", idle_timeout{2s}) | key_by(&tick_event::symbol) |
           window(tumbling{1s}, drop_late) | process<sum<&tick_event::size>>() | publish("volumes");
}

std::string event(std::string_view symbol, double size, int time) {
    return R"({"symbol":")" + std::string{symbol} + R"(","size":)" + std::to_string(size) +
           R"(,"time":)" + std::to_string(time) + "}";
}

/// The memory transport, whose connections hold no more than so much.
constexpr std::size_t capacity = 1024;
struct narrow : memory {
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options&, Handler f) {
        asio::post(io, [wire = *this, f = std::move(f)]() mutable {
            f({}, wire.connect({.capacity_bytes = capacity}));
        });
        return [] {};
    }
};

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

TEST_CASE("a feed may be one source of several") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    strings rows;
    auto running = start(union_of(from<tick_event>("feed"), from<tick_event>("own")) |
                             key_by(&tick_event::symbol) | window(tumbling{1s}, drop_late) |
                             process<sum<&tick_event::size>>(),
                         [&](const auto& row) { rows.emplace_back(row.key); });
    auto source = running.source<0>();
    from_websocket feed{io, source, {.url = "ws://exchange/"}, {}, {}, wire, manual_clock{}};
    other.upgrade();
    other.send(opcode::text, event("A", 1, 100));
    other.send(opcode::text, event("A", 1, 1100));
    CHECK(rows.empty());
    running.source<1>().push({"B", 1, at_1s});
    CHECK(rows == strings{"A"});
    feed.tick();
    CHECK(source.events() == 2);
}

TEST_CASE("windows show what they have when the feed is silent") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    int records = 0;
    manual_clock clock{at_1s};
    auto running = start(
        volumes(), [&](const auto&) { ++records; }, clock_view{clock});
    from_websocket feed{io, running, {.url = "ws://exchange/"}, {}, {}, wire, clock_view{clock}};
    other.upgrade();
    other.send(opcode::text, event("A", 1, 100));
    feed.tick();
    CHECK(records == 0);
    clock.advance(10s);
    feed.tick();
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

TEST_CASE("a feed's subscriptions are sent though the outbox is full of what has waited") {
    asio::io_context io;
    memory wire;
    peer other{io, wire};
    auto running = start(volumes());
    const auto when_full = GENERATE(full_outbox::refuse, full_outbox::drop_oldest);
    client_options options{.url = "ws://exchange/", .outbox_bytes = 200, .when_full = when_full};
    from_websocket feed{io, running, options, subscriptions, {}, wire, manual_clock{}};
    CHECK(feed.connection().send(std::string(120, 'x')));
    other.upgrade();
    CHECK(other.texts() == strings{subscriptions[0], subscriptions[1], std::string(120, 'x')});
}

TEST_CASE("subscriptions that can never be sent are refused") {
    asio::io_context io;
    memory wire;
    auto running = start(volumes());
    const auto make = [&](std::size_t bytes) {
        from_websocket{io,
                       running,
                       {.url = "ws://exchange/", .outbox_bytes = bytes},
                       subscriptions,
                       {},
                       wire,
                       manual_clock{}};
    };
    CHECK_NOTHROW(make(200));
    CHECK_THROWS_AS(make(150), std::invalid_argument);
}

TEST_CASE("while a slow pipeline has an event, its feed's sender has to wait") {
    asio::io_context io;
    narrow wire;
    auto acceptor = wire.listen(io, {});
    memory_stream exchange;
    acceptor.async_accept([&](std::error_code, memory_stream s) { exchange = std::move(s); });

    // As much as the transport takes is offered while each event is under way.
    std::string stream;
    for (int i = 0; i != 5000; ++i)
        websocket::append_frame(stream, opcode::text, event("A", 1, 1000));
    std::size_t sent = 0, most_ahead = 0, events = 0;
    const std::size_t frame_bytes = stream.size() / 5000;
    const auto offer = [&] {
        std::error_code error;
        while (!error && sent != stream.size())
            sent += exchange.write_some(
                std::array<asio::const_buffer, 1>{asio::buffer(stream) + sent}, error);
    };
    auto running = start(from<tick_event>("ticks") | filter([&](const tick_event&) {
                             offer();
                             const std::size_t taken = ++events * frame_bytes;
                             most_ahead = std::max(most_ahead, sent - std::min(sent, taken));
                             return true;
                         }) |
                         key_by(&tick_event::symbol) | window(tumbling{1s}, drop_late) |
                         process<sum<&tick_event::size>>() | publish("volumes"));
    from_websocket feed{io, running, {.url = "ws://exchange/"}, {}, {}, wire, manual_clock{}};
    io.poll();
    std::string head(1024, '\0');
    std::error_code error;
    head.resize(exchange.read_some({head.data(), head.size()}, error));
    http::request request;
    REQUIRE(http::parse_request(head, request).state == http::parse_result::complete);
    const auto answer = websocket::accept_upgrade(request, {}, nullptr).response;
    exchange.write_some(std::array<asio::const_buffer, 1>{asio::buffer(answer)}, error);
    while (events != 5000) {
        offer();
        io.restart();
        REQUIRE(io.poll() != 0);
    }
    CHECK(feed.stats().messages == 5000);
    CHECK(sent == stream.size());
    // What one read took, and what the transport holds.
    CHECK(most_ahead <= 2 * capacity + frame_bytes);
    CHECK(most_ahead >= capacity / 2);
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
    for (const std::string_view when : {"on_open", "on_state", "on_error", "on_close", "tick"}) {
        CAPTURE(when);
        asio::io_context io;
        memory wire;
        peer other{io, wire};
        auto running = start(volumes());
        using feed = from_websocket<decltype(running), memory, manual_clock>;
        std::unique_ptr<feed> f;
        bool is_ticking = false;
        // The capture shows that the handler itself is still there.
        const auto act = [&, kept = std::make_shared<std::string>(when)](std::string_view where) {
            if (where != *kept) return;
            f.reset();
            CHECK(*kept == when);
        };
        f = std::make_unique<feed>(
            io, running, client_options{.url = "ws://exchange/"}, subscriptions,
            client_handlers{.on_open = [act] { act("on_open"); },
                            .on_close = [act](auto, auto, auto) { act("on_close"); },
                            .on_state =
                                [&is_ticking, act](client_state state) {
                                    if (state == client_state::open) act("on_state");
                                    if (is_ticking && state == client_state::connecting)
                                        act("tick");
                                },
                            .on_error = [act](auto) { act("on_error"); }},
            wire);
        other.upgrade();
        other.drop();
        if (f) {
            is_ticking = true;
            f->connection().clock().advance(1min);
            f->tick();
        }
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
