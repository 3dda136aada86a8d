#include <millrace/endpoint/connection.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/websocket/compression.hpp>

#include "server.hpp"

using namespace millrace;

namespace {

/// Sends back what it gets, and remembers what it sees.
struct echo {
    struct log {
        int opened = 0, closed = 0;
        std::vector<std::string> messages;
        connection* last = nullptr;
    };
    log& seen;

    void on_open(connection& from) {
        ++seen.opened;
        seen.last = &from;
    }
    void operator()(connection& from, std::string_view message, opcode op) {
        seen.messages.emplace_back(message);
        op == opcode::text ? from.send(message) : from.send_binary(message);
    }
    void on_close(connection&) { ++seen.closed; }
};

/// In memory, and a stream may become readable when nothing is there to read, as with half a record
/// of TLS.
struct hesitant {
    static inline int hesitations = 0;

    struct stream : memory_stream {
        stream() = default;
        explicit stream(memory_stream of) : memory_stream{std::move(of)} {}
        std::size_t read_some(std::span<char> to, std::error_code& error) {
            if (hesitations == 0) return memory_stream::read_some(to, error);
            --hesitations;
            error = asio::error::would_block;
            return 0;
        }
    };
    struct acceptor : memory_acceptor {
        explicit acceptor(memory_acceptor of) : memory_acceptor{std::move(of)} {}
        template <class Handler>
        void async_accept(Handler f) {
            memory_acceptor::async_accept(
                [f = std::move(f)](std::error_code error, memory_stream accepted) mutable {
                    f(error, stream{std::move(accepted)});
                });
        }
    };
    acceptor listen(asio::io_context& io, const listen_options& options) {
        return acceptor{wire.listen(io, options)};
    }

    memory wire;
};

// The log is a base, so that it outlives the server, whose destructor still calls on_close.
struct echo_log {
    echo::log seen;
};

struct echo_server : echo_log, server {
    explicit echo_server(endpoint_options options = {}) : server{options} {
        endpoint.on_message("/echo", echo{seen});
    }
};

std::string frame_of(opcode op, std::string_view payload, bool fin = true) {
    std::string bytes;
    websocket::append_masked_frame(bytes, op, payload, 0xabcdef01, fin);
    return bytes;
}

}  // namespace

TEST_CASE("text and binary messages come and go, each as what it is") {
    echo_server s;
    client c{s, "/echo?a=1&b=%20x"};
    c.send_text("hällo");
    c.send_binary(std::string("\xff\x00", 2));
    auto reply = c.next();
    REQUIRE(reply->op == opcode::text);
    REQUIRE(reply->payload == "hällo");
    reply = c.next();
    REQUIRE(reply->op == opcode::binary);
    REQUIRE(reply->payload == std::string("\xff\x00", 2));
    REQUIRE(s.seen.last->target() == "/echo?a=1&b=%20x");
    REQUIRE(s.seen.last->query("b") == " x");
    REQUIRE(s.seen.last->query("c") == std::nullopt);
    REQUIRE(s.seen.last->remote_address() == "memory");
    REQUIRE(s.counters().messages_in == 2);
}

TEST_CASE("bytes may come and go in any pieces") {
    const std::size_t piece = GENERATE(1u, 2u, 3u, 7u);
    echo_server s;
    memory_client c{s.io, s.wire, {.max_read_bytes = piece, .max_write_bytes = piece}};
    REQUIRE(c.upgrade("/echo"));
    const std::string large(70'000, 'x');
    c.send_raw(frame_of(opcode::text, "a") + frame_of(opcode::text, "b", false) +
               frame_of(opcode::ping, "p") + frame_of(opcode::continuation, "c") +
               frame_of(opcode::text, large));
    std::string texts;
    bool ponged = false;
    while (const auto message = c.next()) {
        if (message->op == opcode::pong)
            ponged = message->payload == "p";
        else
            texts += message->payload + "|";
    }
    REQUIRE(texts == "a|bc|" + large + "|");
    REQUIRE(ponged);
    REQUIRE(!c.protocol_error());
}

TEST_CASE("frames behind the request in one packet are served") {
    echo_server s;
    memory_client c{s.io, s.wire};
    c.send_raw(websocket::make_upgrade_request("memory", "/echo", "dGhlIHNhbXBsZSBub25jZQ==") +
               frame_of(opcode::text, "early"));
    REQUIRE(
        c.take_raw().ends_with("\x81\x05"
                               "early"));
}

TEST_CASE("what breaks the protocol is closed with its code, and nothing behind it is served") {
    struct wrong {
        std::string bytes;
        close_code code;
    };
    const std::string huge("\x82\xff\x00\x00\x00\x00\x40\x00\x00\x00mask", 14);  // 1 GB declared
    const wrong sent = GENERATE_COPY(values<wrong>({
        {std::string("\x81\x05Hello", 7), close_code::protocol_error},  // unmasked
        {std::string("\xc1\x80mask", 6), close_code::protocol_error},   // reserved bit
        {std::string("\x83\x80mask", 6), close_code::protocol_error},   // opcode 3
        {std::string("\x80\x80mask", 6), close_code::protocol_error},   // no message open
        {std::string("\x09\x80mask", 6), close_code::protocol_error},   // ping in fragments
        {frame_of(opcode::close, "x"), close_code::protocol_error},     // half a code
        {frame_of(opcode::text, "\xff"), close_code::invalid_payload},
        {frame_of(opcode::text, "\xed\xa0\x80"), close_code::invalid_payload},  // surrogate
        {frame_of(opcode::text, "\xc3"), close_code::invalid_payload},          // cut off
        {huge, close_code::message_too_big},
        {frame_of(opcode::binary, std::string(1024 * 1024 + 1, 'x')), close_code::message_too_big},
    }));
    CAPTURE(sent.bytes.substr(0, 20));
    echo_server s;
    client c{s, "/echo"};
    c.send_raw(sent.bytes + frame_of(opcode::text, "behind"));
    REQUIRE(code_of_close(c) == sent.code);
    REQUIRE(c.is_ended());
    REQUIRE(s.seen.messages.empty());
    REQUIRE(s.counters().protocol_errors == 1);

    c.close();
    REQUIRE(s.seen.closed == 1);
    REQUIRE(s.counters().connections == 0);
}

TEST_CASE("a peer that goes on sending after its error is cut off in the end") {
    echo_server s;
    client c{s, "/echo"};
    c.send_raw(std::string("\x81\x05Hello", 7));
    for (int i = 0; i < 10; ++i) c.send_raw(std::string(100'000, 'x'));
    s.advance(6s);
    REQUIRE(s.counters().connections == 0);
    REQUIRE(s.seen.closed == 1);
}

TEST_CASE("the closing handshake is answered with the same code, and the stream ended") {
    echo_server s;
    client c{s, "/echo"};
    const close_code code =
        GENERATE(close_code::normal, close_code::going_away, static_cast<close_code>(4000));
    c.send_close(code);
    REQUIRE(code_of_close(c) == code);
    REQUIRE(c.is_ended());
    REQUIRE(s.seen.closed == 1);
    REQUIRE(s.counters().connections == 0);
}

TEST_CASE("a close frame without a code gets one without a code") {
    echo_server s;
    client c{s, "/echo"};
    c.send(opcode::close, "");
    REQUIRE(code_of_close(c) == close_code::no_status);
}

TEST_CASE("a handler may close; what was queued before is sent, and nothing after") {
    server s;
    int messages = 0;
    s.endpoint.on_message("/bye", [&](connection& from, std::string_view) {
        ++messages;
        REQUIRE(from.send("last words"));
        from.close(static_cast<close_code>(4001), "enough");
        REQUIRE(!from.is_open());
        REQUIRE(!from.send("too late"));
    });
    client c{s, "/bye"};
    c.send_raw(frame_of(opcode::text, "1") + frame_of(opcode::text, "2"));
    REQUIRE(c.next_text() == "last words");
    const auto bye = c.next();
    REQUIRE(bye->code == static_cast<close_code>(4001));
    REQUIRE(bye->payload == "enough");
    REQUIRE(messages == 1);
    REQUIRE(!c.is_ended());
    c.send_close();
    REQUIRE(c.is_ended());
}

TEST_CASE("who does not answer a close frame is cut off after the close timeout") {
    echo_server s{{.close_timeout = 2s}};
    client c{s, "/echo"};
    s.seen.last->close();
    REQUIRE(code_of_close(c) == close_code::normal);
    s.advance(1s);
    REQUIRE(!c.is_ended());
    s.advance(1s);
    REQUIRE(c.is_ended());
    REQUIRE(s.seen.closed == 1);
}

TEST_CASE("on_close comes once for each on_open, however the connection ends") {
    const std::string end = GENERATE(as<std::string>{}, "close frame", "end of stream", "reset",
                                     "idle", "server closes", "stop", "stop twice");
    CAPTURE(end);
    echo_server s;
    client c{s, "/echo"};
    REQUIRE(s.seen.opened == 1);
    if (end == "close frame") {
        c.send_close();
    } else if (end == "end of stream") {
        c.shutdown();
    } else if (end == "reset") {
        c.close();
    } else if (end == "idle") {
        s.advance(61s);
        s.advance(6s);
    } else if (end == "server closes") {
        s.seen.last->close();
        c.send_close();
    } else {
        s.endpoint.stop();
        if (end == "stop twice") s.endpoint.stop();
        c.send_close();
    }
    REQUIRE(s.seen.closed == 1);
    REQUIRE(s.counters().connections == 0);
    c.close();
    s.advance(1h);
    REQUIRE(s.seen.closed == 1);
}

TEST_CASE("a connection may be reset at any step, and on_close comes once if on_open did") {
    const std::size_t step = GENERATE(range(0u, 12u));
    CAPTURE(step);
    echo_server s;
    memory_client c{s.io, s.wire, {.operations_until_reset = step}};
    c.upgrade("/echo");
    for (int i = 0; i < 4; ++i) c.send_text("x");
    c.send_close();
    c.close();
    REQUIRE(s.seen.opened == (step > 0 ? 1 : 0));
    REQUIRE(s.seen.closed == s.seen.opened);
    REQUIRE(s.counters().connections == 0);
}

TEST_CASE("on_close comes when the endpoint is destroyed, too") {
    echo::log seen;
    {
        server s;
        s.endpoint.on_message("/echo", echo{seen});
        memory_client c{s.io, s.wire};
        REQUIRE(c.upgrade("/echo"));
        REQUIRE(seen.closed == 0);
        {
            memory_client other{s.io, s.wire};
            REQUIRE(other.upgrade("/echo"));
        }
        REQUIRE(s.io.poll() != 0);
    }
    REQUIRE(seen.opened == 2);
    REQUIRE(seen.closed == 2);
}

TEST_CASE("a handler that throws closes its connection with 1011, and the server goes on") {
    struct thrower {
        std::string_view where;
        void on_open(connection&) {
            if (where == "open") throw std::runtime_error{"open"};
        }
        void operator()(connection&, std::string_view) {
            if (where == "message") throw 42;
        }
        void on_close(connection&) {
            if (where == "close") throw std::runtime_error{"close"};
        }
    };
    const std::string where = GENERATE(as<std::string>{}, "open", "message", "close");
    echo::log seen;
    server s;
    s.endpoint.on_message("/throws", thrower{where});
    s.endpoint.on_message("/echo", echo{seen});
    client good{s, "/echo"}, bad{s, "/throws"};
    bad.send_text("x");
    const auto code = code_of_close(bad);
    REQUIRE(code == (where == "close" ? close_code::abnormal : close_code::internal_error));
    bad.send_close();
    REQUIRE(s.counters().handler_errors == 1);
    good.send_text("still there");
    REQUIRE(good.next_text() == "still there");
}

TEST_CASE("pings are answered with their payload; only the latest while output waits") {
    echo_server s;
    std::string burst;
    for (int i = 0; i < 50; ++i) burst += frame_of(opcode::ping, std::to_string(i));
    SECTION("each, while the peer reads") {
        client c{s, "/echo"};
        c.send_raw(burst);
        for (int i = 0; i < 50; ++i) REQUIRE(c.next_text() == std::to_string(i));
        REQUIRE(!c.next());
    }
    SECTION("the latest, once it does again") {
        client c{s, "/echo", {.capacity_bytes = 500}};
        c.stall();
        s.seen.last->send(std::string(1000, 'x'));
        c.send_raw(burst);
        REQUIRE(s.seen.last->queued_bytes() < 1500);
        c.stall(false);
        REQUIRE(c.next()->payload.size() == 1000);
        REQUIRE(c.next_text() == "49");
        REQUIRE(!c.next());
    }
}

TEST_CASE("a flood of control frames is closed with 1008, a steady few are not") {
    echo_server s{{.max_control_frames_per_second = 10}};
    client c{s, "/echo"};
    for (int second = 0; second < 5; ++second) {
        for (int i = 0; i < 10; ++i) c.send(opcode::pong, "");
        s.advance(1s);
    }
    REQUIRE(!c.next());
    for (int i = 0; i < 11; ++i) c.send(opcode::ping, "");
    REQUIRE(code_of_close(c) == close_code::policy_violation);
}

TEST_CASE("silence is met with one ping, then with close 1001") {
    echo_server s{{.ping_interval = 20s, .idle_timeout = 60s}};
    client c{s, "/echo"};
    s.advance(19s);
    REQUIRE(!c.next());
    s.advance(1s);
    REQUIRE(c.next()->op == opcode::ping);
    s.advance(20s);
    REQUIRE(!c.next());
    s.advance(20s);
    REQUIRE(code_of_close(c) == close_code::going_away);
    REQUIRE(s.counters().timeouts == 1);
    s.advance(5s);
    REQUIRE(c.is_ended());
}

TEST_CASE("who answers pings stays as long as it likes") {
    echo_server s;
    client c{s, "/echo"};
    for (int i = 0; i < 20; ++i) {
        s.advance(20s);
        REQUIRE(c.next()->op == opcode::ping);
        c.send(opcode::pong, "");
    }
    REQUIRE(s.counters().connections == 1);
}

TEST_CASE("what is sent in one turn leaves in one piece, in order") {
    server s;
    s.endpoint.on_message("/three", [](connection& from, std::string_view) {
        from.send("one");
        from.send("two");
        from.send("three");
    });
    client c{s, "/three", {.operations_until_reset = 4}};  // reads and writes: upgrade, then this
    c.send_text("go");
    REQUIRE(c.next_text() == "one");
    REQUIRE(c.next_text() == "two");
    REQUIRE(c.next_text() == "three");
}

TEST_CASE("a consumer too slow loses the oldest messages, whole, and they are counted") {
    constexpr std::size_t message = 1000;
    echo_server s{{.outbox_bytes = 20 * (message + detail::outbox::message_overhead_bytes + 4)}};
    client c{s, "/echo", {.capacity_bytes = 3 * message}};
    c.stall();
    for (int i = 0; i < 100; ++i) {
        std::string text = std::to_string(i);
        text.resize(message, '.');
        s.seen.last->send(text);
        s.run();
        REQUIRE(s.seen.last->queued_bytes() <= 20 * (message + 68));
    }
    c.stall(false);
    std::vector<int> got;
    while (const auto m = c.next()) {
        REQUIRE(m->payload.size() == message);
        got.push_back(std::stoi(m->payload));
    }
    REQUIRE(!c.protocol_error());
    REQUIRE(std::is_sorted(got.begin(), got.end()));
    REQUIRE(got.back() == 99);
    REQUIRE(got.size() >= 20);
    REQUIRE(got.size() <= 24);
    REQUIRE(got.size() + s.counters().frames_dropped == 100);

    c.send_text("fresh");
    REQUIRE(c.next_text() == "fresh");
}

TEST_CASE("a slow consumer of a conflating topic gets the newest record of each key") {
    server s{{.outbox_bytes = 100'000, .outbox_high_water = 2'000, .outbox_low_water = 500}};
    auto& prices =
        s.endpoint.add_topic("prices", {.when_full = {{"prices", overflow_policy::conflate}}});
    constexpr int rounds = 50, keys = 20;
    const auto publish_all = [&] {
        for (int round = 0; round < rounds; round += 5) {
            s.endpoint.post([&, round] {
                for (int i = 0; i < 5 * keys; ++i) {
                    const auto key = std::to_string(i % keys);
                    s.endpoint.publish(prices, key + " " + std::to_string(round + i / keys), key);
                }
            });
            s.run();
        }
    };
    SECTION("a fast one gets all") {
        client fast{s, "/prices"};
        publish_all();
        for (int round = 0; round < rounds; ++round)
            for (int key = 0; key < keys; ++key)
                REQUIRE(fast.next_text() == std::to_string(key) + " " + std::to_string(round));
        REQUIRE(s.counters().frames_dropped == 0);
    }
    SECTION("a slow one, none of its keys forgotten, each in order") {
        client slow{s, "/prices", {.capacity_bytes = 100}};
        slow.stall();
        publish_all();
        slow.stall(false);
        std::map<int, int> last;
        std::uint64_t received = 0;
        while (const auto m = slow.next()) {
            const auto space = m->payload.find(' ');
            const int key = std::stoi(m->payload.substr(0, space)),
                      round = std::stoi(m->payload.substr(space));
            const auto before = last.find(key);
            REQUIRE((before == last.end() || before->second < round));
            last[key] = round;
            ++received;
        }
        REQUIRE(last.size() == keys);
        for (const auto& each : last) REQUIRE(each.second == rounds - 1);
        REQUIRE(received < 100);
        REQUIRE(received + s.counters().frames_dropped == rounds * keys);
    }
}

TEST_CASE("a consumer too slow is closed with 1013 where the endpoint says so") {
    echo_server s{{.outbox_bytes = 5000, .when_full = overflow_policy::disconnect}};
    client c{s, "/echo", {.capacity_bytes = 1000}};
    c.stall();
    bool sent = true;
    int count = 0;
    for (; sent && count < 100; ++count) {
        sent = s.seen.last->send(std::string(500, 'x'));
        s.run();
    }
    REQUIRE(count < 15);
    c.stall(false);
    std::size_t received = 0;
    auto message = c.next();
    for (; message && message->op == opcode::text; message = c.next()) ++received;
    REQUIRE((message && message->code == close_code::try_again_later));
    REQUIRE(!c.protocol_error());
    REQUIRE(s.counters().slow_disconnects == 1);
    REQUIRE(received + s.counters().frames_dropped == static_cast<std::size_t>(count));
}

TEST_CASE("what waited for a peer that is gone is counted, and not as dropped for its slowness") {
    constexpr std::size_t message = 1000, frame = message + 4;
    constexpr std::uint64_t whole = 2;  // in what the system has taken, and half of one more
    echo_server s{{.outbox_bytes = 20 * (frame + 64)}};
    client c{s, "/echo", {.capacity_bytes = whole * frame + frame / 2}};
    c.stall();
    const auto count = GENERATE(as<std::uint64_t>{}, 1, 10, 50);
    for (std::uint64_t i = 0; i < count; ++i) {
        s.seen.last->send(std::string(message, 'x'));
        s.run();
    }
    REQUIRE(s.counters().frames_unsent == 0);
    const auto dropped = s.counters().frames_dropped;
    REQUIRE((dropped != 0) == (count == 50));
    c.close();
    s.run();
    REQUIRE(s.counters().connections == 0);
    const auto now = s.counters();
    REQUIRE(now.frames_dropped == dropped);
    REQUIRE(std::min(count, whole) + now.frames_dropped + now.frames_unsent == count);
}

TEST_CASE("a message for a peer that is found to be gone is counted, too") {
    echo_server s{{.outbox_bytes = 3000}};
    client c{s, "/echo", {.operations_until_reset = 2}};  // the upgrade, in and out
    std::uint64_t count = 0;
    s.endpoint.post([&] {
        bool is_sent = true;
        for (; is_sent && count != 100; ++count) is_sent = s.seen.last->send(std::string(500, 'x'));
    });
    s.run();
    REQUIRE(s.counters().connections == 0);
    REQUIRE((count > 1 && count < 10));
    REQUIRE(s.counters().frames_unsent == count);
    REQUIRE(s.counters().frames_dropped == 0);
}

TEST_CASE("a message larger than the outbox is refused") {
    echo_server s{{.outbox_bytes = 1000}};
    client c{s, "/echo"};
    REQUIRE(!s.seen.last->send(std::string(1000, 'x')));
    REQUIRE(s.seen.last->send("small"));
    REQUIRE(c.next_text() == "small");
}

TEST_CASE("a slow consumer's pongs and close frames are not dropped") {
    echo_server s{{.outbox_bytes = 3000}};
    client c{s, "/echo", {.capacity_bytes = 500}};
    c.stall();
    for (int i = 0; i < 20; ++i) s.seen.last->send(std::string(500, 'x'));
    c.send(opcode::ping, "now");
    for (int i = 0; i < 20; ++i) s.seen.last->send(std::string(500, 'x'));
    c.send_close(close_code::normal);
    c.stall(false);
    bool ponged = false, closed = false;
    while (const auto m = c.next()) {
        ponged = ponged || m->op == opcode::pong;
        closed = closed || m->op == opcode::close;
    }
    REQUIRE(ponged);
    REQUIRE(closed);
    REQUIRE(!c.protocol_error());
}

TEST_CASE("a burst that the system takes as it comes is not too slow") {
    echo_server s{{.outbox_bytes = 10'000}};
    client c{s, "/echo", {.capacity_bytes = 10'000'000}};
    std::string burst;
    for (int i = 0; i < 1000; ++i) burst += frame_of(opcode::text, std::string(50, 'x'));
    c.send_raw(burst);
    int count = 0;
    while (c.next()) ++count;
    REQUIRE(count == 1000);
    REQUIRE(s.counters().frames_dropped == 0);
}

TEST_CASE("one that floods and never reads does not keep others from being served") {
    echo_server s{{.outbox_bytes = 50'000}};
    client flood{s, "/echo", {.capacity_bytes = 10'000}};
    client good{s, "/echo"};
    flood.stall();
    std::string burst;
    for (int i = 0; i < 80; ++i) burst += frame_of(opcode::text, std::string(100, 'x'));
    for (int i = 0; i < 50; ++i) {
        flood.send_raw(burst);
        good.send_text("ping");
        REQUIRE(good.next_text() == "ping");
    }
    REQUIRE(s.counters().frames_dropped > 0);
}

namespace {

/// "Compresses" every message to its first character.
struct first_character final : websocket::compressor {
    std::uint64_t key;
    int& compressed;

    first_character(std::uint64_t shared, int& count) : key{shared}, compressed{count} {}

    errc restore(std::string_view piece, bool, std::size_t,
                 websocket::message_buffer& out) override {
        out.append(piece);
        return errc{};
    }
    bool compress(std::string_view message, std::string& out) override {
        ++compressed;
        out += message.front();
        return true;
    }
    [[nodiscard]] std::uint64_t shared_key() const noexcept override { return key; }
};

struct fake_compression final : websocket::compression {
    std::uint64_t key;
    int& compressed;

    fake_compression(std::uint64_t shared, int& count) : key{shared}, compressed{count} {}

    [[nodiscard]] websocket::compression_agreement accept(std::string_view offers) const override {
        if (offers != "fake") return {};
        return {"fake", std::make_unique<first_character>(key, compressed)};
    }
    [[nodiscard]] std::string offer() const override { return "fake"; }
    [[nodiscard]] websocket::compression_agreement confirm(std::string_view) const override {
        return {};
    }
};

/// A client that offers it, and looks at the bytes.
struct raw_client : memory_client {
    explicit raw_client(server& to, const memory_stream_options& options = {})
        : memory_client{to.io, to.wire, options} {
        send_raw(websocket::make_upgrade_request(
            "memory", "/echo", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Extensions: fake\r\n"));
        REQUIRE(take_raw().find("Sec-WebSocket-Extensions: fake\r\n") != std::string::npos);
    }
};

}  // namespace

TEST_CASE("what was agreed on is compressed, once for all who can be sent the same") {
    int compressed = 0;
    topic all{"all", ""};
    echo_server s{{.compression = std::make_shared<fake_compression>(1, compressed)}};
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<raw_client>(s));
        s.seen.last->follow(all, {});
    }
    client plain{s, "/echo"};
    s.seen.last->follow(all, {});
    all.publish("hello", "");
    for (const auto& each : clients) REQUIRE(each->take_raw() == "\xc1\x01h");
    REQUIRE(plain.next_text() == "hello");
    REQUIRE(compressed == 1);

    std::string frame;
    websocket::append_masked_frame(frame, opcode::text, "inflated", 1, true, true);
    clients[0]->send_raw(frame);
    REQUIRE(s.seen.messages.back() == "inflated");
    REQUIRE(clients[0]->take_raw() == "\xc1\x01i");
}

TEST_CASE("no message is dropped out of a stream that is compressed as one") {
    int compressed = 0;
    echo_server s{{.compression = std::make_shared<fake_compression>(0, compressed),
                   .outbox_bytes = 1000,
                   .when_full = overflow_policy::drop_oldest}};
    raw_client c{s, {.capacity_bytes = 200}};
    c.stall();
    int sent = 0;
    for (int i = 0; i < 200; ++i) sent += s.seen.last->send(std::string(500, 'x')) ? 1 : 0;
    s.run();
    REQUIRE(compressed == sent);
    REQUIRE(sent < 100);
    REQUIRE(s.counters().slow_disconnects == 1);
}

TEST_CASE("what became readable for nothing while a connection was paused does not stop it") {
    echo::log seen;
    asio::io_context io;
    hesitant transport;
    endpoint<hesitant> s{io, {}, transport};
    struct pausing : echo {
        void on_open(connection& from) {
            echo::on_open(from);
            from.pause_reading();
        }
    };
    s.on_message("/echo", pausing{seen});
    memory_client c{io, transport.wire};
    REQUIRE(c.upgrade("/echo"));
    const auto in_loop = [&](auto f) {
        s.post(f);
        c.run();
    };
    in_loop([&] { seen.last->resume_reading(); });
    in_loop([&] { seen.last->pause_reading(); });
    hesitant::hesitations = 1;
    c.send_text("hello");
    REQUIRE(hesitant::hesitations == 0);
    REQUIRE(seen.messages.empty());
    in_loop([&] { seen.last->resume_reading(); });
    REQUIRE(c.next_text() == "hello");
}
