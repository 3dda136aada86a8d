#include <millrace/client/detail/connection.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <set>

#include <asio/post.hpp>

#include "../client_peer.hpp"

#if defined(MILLRACE_WITH_DEFLATE)
#include <zlib.h>

#include <millrace/websocket/permessage_deflate.hpp>
#endif

using namespace millrace;

namespace {

/// The memory transport, whose connections are of this kind and end after so many operations.
struct choppy : memory {
    memory_stream_options kind{};
    std::size_t operations = SIZE_MAX;

    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options&, Handler f) {
        asio::post(io, [wire = *this, f = std::move(f)]() mutable {
            auto made = wire.connect(wire.kind);
            made.fail_after(wire.operations);
            f({}, std::move(made));
        });
        return [] {};
    }
};

std::string accepting(const http::request& request, std::string_view more = {}) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           websocket::accept_key(request.header("Sec-WebSocket-Key")) + "\r\n" + std::string{more} +
           "\r\n";
}

http::request read_request(peer& from) {
    http::request request;
    const auto head = from.take_raw();
    REQUIRE(http::parse_request(head, request).state == http::parse_result::complete);
    return request;
}

}  // namespace

TEST_CASE("messages go both ways") {
    line l;
    l.open();
    CHECK(l.said() == strings{"connecting", "open", "on_open"});
    CHECK(l.client->send("hello"));
    CHECK(l.client->send_binary(std::string("\0\xff", 2)));
    const auto first = l.other.next(), second = l.other.next();
    REQUIRE(second);
    CHECK(first->op == opcode::text);
    CHECK(first->payload == "hello");
    CHECK(second->op == opcode::binary);
    CHECK(second->payload == std::string("\0\xff", 2));
    l.other.send(opcode::text, "h\xc3\xa9");
    l.other.send(opcode::binary, "\xff");
    l.other.send(opcode::text, "in ", false);
    l.other.send(opcode::ping, "still there?");
    l.other.send(opcode::continuation, "parts");
    CHECK(l.said() == strings{"text h\xc3\xa9", "binary \xff", "text in parts"});
    const auto pong = l.other.next();
    REQUIRE(pong);
    CHECK(pong->op == opcode::pong);
    CHECK(pong->payload == "still there?");
}

TEST_CASE("all works byte by byte, and with what follows the answer in one piece") {
    const std::size_t step = GENERATE(1u, 2u, 7u);
    choppy wire;
    wire.kind = {.capacity_bytes = 16, .max_read_bytes = step, .max_write_bytes = step};
    basic_line<choppy> l{{}, wire};
    auto request = read_request(l.other);
    std::string frames;
    websocket::append_frame(frames, opcode::text, "behind the head");
    websocket::append_frame(frames, opcode::text, std::string(70'000, 'x'));
    l.other.write(accepting(request) + frames);
    CHECK(l.said() == strings{"connecting", "open", "on_open", "text behind the head",
                              "text " + std::string(70'000, 'x')});
}

TEST_CASE("each frame has a masking key of its own, and each request a nonce") {
    basic_line<memory, std::random_device> l;
    std::set<std::string> nonces, masks;
    for (int connection = 0; connection != 3; ++connection) {
        const auto request = read_request(l.other);
        const std::string key{request.header("Sec-WebSocket-Key")};
        CHECK(websocket::is_valid_key(key));
        nonces.insert(key);
        l.other.write(accepting(request));
        for (int i = 0; i != 100; ++i) l.client->send("a");
        const auto bytes = l.other.take_raw();
        REQUIRE(bytes.size() == 700);
        for (std::size_t at = 0; at != bytes.size(); at += 7) {
            REQUIRE(bytes.substr(at, 2) == "\x81\x81");
            REQUIRE((bytes[at + 2] ^ bytes[at + 6]) == 'a');
            masks.insert(bytes.substr(at + 2, 4));
        }
        l.other.drop();
        l.advance(1min);
    }
    CHECK(nonces.size() == 3);
    CHECK(masks.size() >= 298);  // two alike among 300: once in 100,000 runs
}

TEST_CASE("an answer that is no upgrade ends the attempt, and says why") {
    struct row {
        std::string answer, error;
    };
    const auto [answer, error] =
        GENERATE(row{"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n\r\n",
                     "HTTP status 401 Unauthorized"},
                 row{"HTTP/1.1 301 Moved\r\nLocation: ws://elsewhere/\r\n\r\n", "HTTP status 301"},
                 row{"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
                     "HTTP status 503 Service Unavailable"},
                 row{"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                     "bad request"},
                 row{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "bad request"},
                 row{"HTTP/1.1 101 X\r\n" + std::string(8200, 'x'), "request header too large"});
    line l;
    read_request(l.other);
    l.other.write(answer);
    CHECK(l.other.is_ended());
    CHECK(l.said() == strings{"connecting", "error: " + error, "waiting"});
    CHECK(l.client->stats().failures == 1);
    CHECK(l.client->stats().connections == 0);
}

TEST_CASE("interim answers before the one that counts are skipped, within the limit of a head") {
    line l{{.max_head_bytes = 1000}};
    const auto request = read_request(l.other);
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    SECTION("in one piece") {
        l.other.write("HTTP/1.1 100 Continue\r\n\r\n" + interim + accepting(request));
        CHECK(l.said() == strings{"connecting", "open", "on_open"});
    }
    SECTION("one after the other") {
        l.other.write(interim);
        l.other.write(interim);
        CHECK(l.said() == strings{"connecting"});
        l.other.write(accepting(request));
        CHECK(l.said() == strings{"open", "on_open"});
    }
    SECTION("without end") {
        for (int i = 0; i != 1000 / 40 + 1; ++i) l.other.write(interim);
        CHECK(l.said() == strings{"connecting", "error: request header too large", "waiting"});
    }
}

TEST_CASE(
    "a head of more than the shared buffer is taken, or refused, and never waited for in vain") {
    const std::string more = "X: " + std::string(70'000, 'x') + "\r\n";
    SECTION("within the limit") {
        line l{{.max_head_bytes = 100'000}};
        std::string frame;
        websocket::append_frame(frame, opcode::text, "behind");
        l.other.write(accepting(read_request(l.other), more) + frame);
        CHECK(l.said() == strings{"connecting", "open", "on_open", "text behind"});
    }
    SECTION("beyond") {
        const std::size_t limit = GENERATE(65'535u, 65'536u, 65'537u, 70'000u);
        line l{{.max_head_bytes = limit}};
        l.other.write(accepting(read_request(l.other), more));
        CHECK(l.said() == strings{"connecting", "error: request header too large", "waiting"});
    }
}

TEST_CASE("a server's control frames are limited, as a client's are") {
    line l{{.max_control_frames_per_second = 10}};
    l.open();
    l.said();
    for (int second = 0; second != 3; ++second) {
        for (int i = 0; i != 10; ++i) l.other.send(i % 2 == 0 ? opcode::ping : opcode::pong, "x");
        l.advance(1s);
    }
    CHECK(l.client->state() == client_state::open);
    std::string flood;
    for (int i = 0; i != 11; ++i) websocket::append_frame(flood, opcode::ping, "y");
    websocket::append_frame(flood, opcode::text, "behind the flood");
    l.other.write(flood);
    CHECK(l.other.next_close() == close_code::policy_violation);
    CHECK(l.said() == strings{"closing"});
    l.advance(5s);
    CHECK(l.said() == strings{"error: too many requests", "on_close 1006 (again)", "waiting"});
}

TEST_CASE("messages that come after a close was sent are counted") {
    line l;
    l.open();
    l.other.send(opcode::text, "in time");
    l.client->stop();
    CHECK(l.other.next_close() == close_code::normal);
    l.other.send(opcode::text, "late");
    l.other.send(opcode::binary, "later");
    l.other.send_close(close_code::normal);
    CHECK(l.client->stats().messages_in == 1);
    CHECK(l.client->stats().ignored == 2);
}

TEST_CASE("what lay unread while a handler was slow counts before a time is up") {
    SECTION("of a connection") {
        line l{{.idle_timeout = 60s}};
        l.open();
        l.other.put("\x81\x05hello");
        l.client->clock().advance(10min);
        l.client->tick();
        CHECK(l.said() == strings{"connecting", "open", "on_open", "text hello"});
        CHECK(l.client->state() == client_state::open);
        l.advance(60s);
        CHECK(l.client->state() != client_state::open);
    }
    SECTION("of a handler that ticks itself") {
        asio::io_context io;
        memory wire;
        peer other{io, wire};
        std::string got;
        line::client_type* self = nullptr;
        client_handlers handlers;
        handlers.on_message = [&](std::string_view text, opcode) {
            self->clock().advance(10min);
            self->tick();
            got += text;
        };
        line::client_type client{io, {.url = "ws://host/"}, handlers, wire};
        self = &client;
        other.upgrade();
        std::string frames;
        websocket::append_frame(frames, opcode::text, "first");
        websocket::append_frame(frames, opcode::text, "second");
        other.write(frames);
        CHECK(got == "firstsecond");
    }
    SECTION("of an upgrade") {
        line l{{.connect_timeout = 10s}};
        l.other.put(accepting(read_request(l.other)));
        l.client->clock().advance(1min);
        l.client->tick();
        CHECK(l.said() == strings{"connecting", "open", "on_open"});
    }
    SECTION("of a close") {
        line l;
        l.open();
        l.client->close();
        l.other.next_close();
        l.said();
        std::string frame;
        websocket::append_frame(frame, opcode::close, websocket::close_payload(close_code::normal));
        l.other.put(frame);
        l.client->clock().advance(1min);
        l.client->tick();
        CHECK(l.said() == strings{"on_close 1000 (again)", "waiting"});
    }
}

TEST_CASE("a connection that ends within its upgrade is lost") {
    line l;
    read_request(l.other);
    l.other.write("HTTP/1.1 101 Switch");
    l.other.drop();
    CHECK(l.said() == strings{"connecting", "error: connection lost", "waiting"});
}

TEST_CASE("a server that breaks the protocol is told so, and left") {
    struct row {
        std::string bytes;
        close_code code;
        std::string error;
    };
    const auto [bytes, code, error] = GENERATE(
        row{std::string("\x81\x81\0\0\0\0a", 7), close_code::protocol_error,
            "WebSocket protocol error"},  // masked
        row{"\xc1\x01"
            "a",
            close_code::protocol_error, "WebSocket protocol error"},  // reserved bit
        row{"\x83\x01"
            "a",
            close_code::protocol_error, "WebSocket protocol error"},  // reserved opcode
        row{"\x81\x02\xc3(", close_code::invalid_payload, "invalid UTF-8"},
        row{"\x88\x02\x03\xed", close_code::protocol_error, "WebSocket protocol error"},  // 1005
        row{"\x82\x7e\x04\x01", close_code::message_too_big, "message too big"});
    line l{{.url = "ws://host/feed", .max_message_bytes = 1024}};
    l.open();
    l.said();
    l.other.write(bytes);
    l.other.send(opcode::text, "too late");
    CHECK(l.said() == strings{"closing"});
    CHECK(l.other.next_close() == code);
    CHECK(l.other.is_ended());
    l.other.drop();
    CHECK(l.said() == strings{"error: " + error, "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a server that was told so and stays is left after the close timeout") {
    line l;
    l.open();
    l.said();
    l.other.write("\x83\x01");
    l.advance(4999ms);
    CHECK(l.said() == strings{"closing"});
    l.advance(1ms);
    CHECK(l.said() ==
          strings{"error: WebSocket protocol error", "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a message of the largest size is taken") {
    line l{{.url = "ws://host/feed", .max_message_bytes = 1024}};
    l.open();
    l.said();
    l.other.send(opcode::text, std::string(1024, 'x'));
    CHECK(l.said() == strings{"text " + std::string(1024, 'x')});
}

TEST_CASE("the server's close is answered, ahead of what waits") {
    choppy wire;
    wire.kind.capacity_bytes = 64;
    basic_line<choppy> l{{}, wire};
    l.open();
    l.said();
    l.other.stall();
    for (const auto* text : {"first", "second", "third"}) {
        l.client->send(std::string{text} + std::string(100, '.'));
        l.other.run();
    }
    l.other.send_close(close_code{4001}, "maintenance");
    l.other.stall(false);
    CHECK(l.other.next_text().starts_with("first"));
    CHECK(l.other.next_close() == close_code{4001});
    CHECK(l.other.is_ended());
    CHECK(l.said() == strings{"closing"});
    l.other.drop();
    CHECK(l.said() == strings{"on_close 4001 maintenance(again)", "waiting"});
    CHECK(l.client->stats().failures == 0);

    l.advance(1min);
    l.open();
    CHECK(l.other.next_text().starts_with("second"));
    CHECK(l.other.next_text().starts_with("third"));
}

TEST_CASE("a server that says goodbye and stays is left without a complaint") {
    line l;
    l.open();
    l.said();
    l.other.send(opcode::close, "");
    l.advance(5s);
    CHECK(l.said() == strings{"closing", "on_close 1005 (again)", "waiting"});
}

TEST_CASE("close goes behind what was sent, and nothing is received after it") {
    line l;
    l.open();
    l.said();
    l.client->send("last words");
    l.client->close(close_code{4000}, "bye");
    CHECK(l.other.next_text() == "last words");
    CHECK(l.client->send("for the next one"));
    const auto close = l.other.next();
    REQUIRE(close);
    CHECK(close->code == close_code{4000});
    CHECK(close->payload == "bye");
    l.other.send(opcode::text, "not heard");
    l.other.send(opcode::ping, "not answered");
    l.other.send_close(close_code{4000}, "bye yourself");
    CHECK(!l.other.next());
    CHECK(l.other.is_ended());
    l.other.drop();
    CHECK(l.said() == strings{"closing", "on_close 4000 bye yourself(again)", "waiting"});
    l.advance(1min);
    l.open();
    CHECK(l.other.next_text() == "for the next one");
}

TEST_CASE("a close that nobody answers times out; one that is cut off is lost") {
    line l;
    l.open();
    l.said();
    l.client->close();
    SECTION("no answer") {
        l.other.run();
        l.advance(4999ms);
        CHECK(l.said() == strings{"closing"});
        l.advance(1ms);
        CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
    }
    SECTION("cut off") {
        l.other.run();
        l.other.drop();
        CHECK(l.said() ==
              strings{"closing", "error: connection lost", "on_close 1006 (again)", "waiting"});
    }
}

TEST_CASE("a connection that breaks in the middle of a message is lost, and the message with it") {
    line l;
    l.open();
    l.said();
    l.other.write("\x81\x05hel");
    l.other.drop();
    CHECK(l.said() == strings{"error: connection lost", "on_close 1006 (again)", "waiting"});
}

TEST_CASE("a connection that fails at any read or write is lost, once") {
    const std::size_t operations = GENERATE(range(0u, 12u));
    CAPTURE(operations);
    choppy wire;
    wire.operations = operations;
    basic_line<choppy> l{{}, wire};
    const auto head = l.other.take_raw();
    http::request request;
    if (http::parse_request(head, request).state == http::parse_result::complete)
        l.other.write(accepting(request));
    for (int i = 0; i != 8; ++i) {
        l.client->send("a");
        l.other.send(opcode::ping, "b");
    }
    const auto said = l.said();
    const auto count = [&](std::string_view what) {
        return std::count_if(said.begin(), said.end(),
                             [&](const auto& each) { return each.starts_with(what); });
    };
    CHECK(count("on_open") == count("on_close"));
    CHECK(count("error") == 1);
    CHECK(said.back() == "waiting");
}

TEST_CASE("silence is answered by a ping, and further silence by the end") {
    line l{{.url = "ws://host/feed", .ping_interval = 10s, .idle_timeout = 25s}};
    l.open();
    l.said();
    for (int round = 0; round != 3; ++round) {
        l.advance(9999ms);
        CHECK(!l.other.next());
        l.advance(1ms);
        const auto ping = l.other.next();
        REQUIRE(ping);
        CHECK(ping->op == opcode::ping);
        l.other.send(opcode::pong, ping->payload);
    }
    l.advance(10s);
    CHECK(l.other.next()->op == opcode::ping);
    l.advance(14999ms);
    CHECK(!l.other.next());
    CHECK(l.said().empty());
    l.advance(1ms);
    CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
    CHECK(l.other.is_ended());
}

TEST_CASE("whatever is received counts against silence") {
    line l{{.url = "ws://host/feed", .ping_interval = 10s, .idle_timeout = 25s}};
    l.open();
    l.said();
    for (int i = 0; i != 20; ++i) {
        l.advance(9s);
        l.other.write(i % 2 == 0 ? "\x81" : std::string("\0", 1));
    }
    CHECK(!l.other.next());
    CHECK(l.said() == strings(10, "text "));
}

TEST_CASE("without a ping interval below it, the idle timeout alone decides") {
    line l{{.url = "ws://host/feed", .ping_interval = 1h, .idle_timeout = 3s}};
    l.open();
    l.said();
    l.advance(3s);
    CHECK(!l.other.next());
    CHECK(l.said() == strings{"error: timed out", "on_close 1006 (again)", "waiting"});
}

namespace {

/// Compresses a message to itself behind a number, and takes nothing else: whoever misses a message
/// cannot read the next. `fails_at` is the number for which there is no memory.
class numbering final : public websocket::compressor {
public:
    explicit numbering(int fails_at) : fails_at_{fails_at} {}

    errc restore(std::string_view piece, bool is_last, std::size_t,
                 websocket::message_buffer& out) override {
        message_.append(piece);
        if (!is_last) return {};
        const auto number = std::to_string(restored_++) + ":";
        if (!message_.starts_with(number)) return errc::protocol_error;
        out.append(std::string_view{message_}.substr(number.size()));
        message_.clear();
        return {};
    }
    bool compress(std::string_view message, std::string& out) override {
        if (compressed_ == fails_at_) throw std::bad_alloc{};
        out.append(std::to_string(compressed_++)).append(":").append(message);
        return true;
    }
    [[nodiscard]] std::uint64_t shared_key() const noexcept override { return 0; }

private:
    int fails_at_;
    std::string message_;
    int restored_ = 0;
    int compressed_ = 0;
};

struct numbered final : websocket::compression {
    explicit numbered(int fail = -1) : fails_at{fail} {}

    [[nodiscard]] websocket::compression_agreement accept(std::string_view) const override {
        return {"number", std::make_unique<numbering>(-1)};
    }
    [[nodiscard]] std::string offer() const override { return "number"; }
    [[nodiscard]] websocket::compression_agreement confirm(std::string_view) const override {
        return {"", std::make_unique<numbering>(fails_at)};
    }
    int fails_at;
};

}  // namespace

TEST_CASE("messages that waited are compressed for each connection anew") {
    const auto compression = std::make_shared<numbered>();
    choppy wire;
    wire.kind.capacity_bytes = 64;
    basic_line<choppy> l{{.url = "ws://host/feed", .compression = compression}, wire};
    CHECK(l.client->send("early"));
    const auto long_text = [](int i) { return std::to_string(i) + std::string(40, '.'); };
    int sent = 100, received = 100;
    const auto receive = [&] {
        for (const auto& text : l.other.texts()) CHECK(text == long_text(received++));
    };
    for (int connection = 0; connection != 4; ++connection) {
        CAPTURE(connection);
        // Without compression in between, the same messages come as they are.
        const bool is_compressed = connection != 2;
        l.other.upgrade({}, is_compressed ? compression.get() : nullptr);
        REQUIRE(l.client->state() == client_state::open);
        if (connection == 0) CHECK(l.other.next_text() == "early");
        receive();
        l.other.stall();
        for (int i = 0; i != 20; ++i) CHECK(l.client->send(long_text(sent++)));
        l.other.run();
        l.other.send(opcode::ping, "still there?");
        l.other.send_close(close_code{4001});
        l.other.stall(false);
        receive();
        CHECK(l.other.is_ended());
        l.other.drop();
        l.advance(1min);
    }
    l.other.upgrade({}, compression.get());
    receive();
    CHECK(received == sent);
    CHECK(l.client->stats().dropped == 0);
}

TEST_CASE("without memory to compress a connection ends, and what waits goes by the next") {
    line l{{.url = "ws://host/feed", .compression = std::make_shared<numbered>(2)}};
    const numbered server;
    l.other.upgrade({}, &server);
    l.said();
    for (const auto* text : {"a", "b", "c"}) CHECK(l.client->send(text));
    const auto why = make_error_code(asio::error::no_memory).message();
    CHECK(l.said() == strings{"error: " + why, "on_close 1006 (again)", "waiting"});
    l.other.drop();
    l.advance(1min);
    l.other.upgrade({}, nullptr);
    CHECK(l.other.texts() == strings{"a", "b", "c"});
}

#if defined(MILLRACE_WITH_DEFLATE)
namespace {

struct raw_frame {
    unsigned char first;
    std::string payload;
};

/// Takes frames with lengths below 64 KB apart by RFC 6455, section 5.2.
std::vector<raw_frame> take_apart(const std::string& bytes) {
    std::vector<raw_frame> frames;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); };
    for (std::size_t at = 0; at != bytes.size();) {
        raw_frame next{byte(at), {}};
        REQUIRE((byte(at + 1) & 0x80) != 0);
        std::size_t size = byte(at + 1) & 0x7fu;
        at += 2;
        REQUIRE(size != 127);
        if (size == 126) {
            size = byte(at) * 256u + byte(at + 1);
            at += 2;
        }
        for (std::size_t i = 0; i != size; ++i)
            next.payload.push_back(static_cast<char>(byte(at + 4 + i) ^ byte(at + i % 4)));
        at += 4 + size;
        frames.push_back(std::move(next));
    }
    return frames;
}

/// zlib by itself, as RFC 7692, section 7.2.2 says; one for each context.
class reference_inflater {
public:
    reference_inflater() { REQUIRE(inflateInit2(&stream_, -15) == Z_OK); }
    reference_inflater(const reference_inflater&) = delete;
    reference_inflater& operator=(const reference_inflater&) = delete;
    ~reference_inflater() { inflateEnd(&stream_); }

    std::string operator()(std::string message) {
        message.append("\0\0\xff\xff", 4);
        std::string out(100'000, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(message.data());
        stream_.avail_in = static_cast<uInt>(message.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int result = inflate(&stream_, Z_SYNC_FLUSH);
        if (result != Z_OK && result != Z_BUF_ERROR) return "not to be inflated";
        if (stream_.avail_in != 0) return "not inflated whole";
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

private:
    z_stream stream_{};
};

}  // namespace

TEST_CASE("what is long enough is sent compressed, on each connection in a context of its own") {
    const bool keeps_context = GENERATE(true, false);
    CAPTURE(keeps_context);
    line l{
        {.url = "ws://host/feed",
         .compression = std::make_shared<websocket::permessage_deflate>(websocket::deflate_options{
             .client_no_context_takeover = !keeps_context, .min_message_bytes = 100})}};
    const std::string small(99, 'x');
    std::string large;
    for (int i = 0; i != 500; ++i) large += std::to_string(i * i) + ' ';
    for (int connection = 0; connection != 3; ++connection) {
        CAPTURE(connection);
        CHECK(l.client->send(large));
        const auto request = read_request(l.other);
        l.other.write(accepting(
            request,
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"));
        REQUIRE(l.client->state() == client_state::open);
        CHECK(l.client->send(small));
        CHECK(l.client->send_binary(large));
        l.other.write(std::string{"\x89\x01p", 3});

        const auto frames = take_apart(l.other.take_raw());
        REQUIRE(frames.size() == 4);
        std::string order;
        reference_inflater context;
        std::vector<std::size_t> sizes;
        for (const auto& each : frames) {
            if (each.first == 0x8a) {
                CHECK(each.payload == "p");
            } else if (each.first == 0x81) {
                order += "s";
                CHECK(each.payload == small);
            } else {
                order += each.first == 0xc1 ? "L" : each.first == 0xc2 ? "B" : "?";
                sizes.push_back(each.payload.size());
                CHECK(context(each.payload) == large);
                if (!keeps_context) CHECK(reference_inflater{}(each.payload) == large);
            }
        }
        CHECK(order == "LsB");
        CHECK(sizes[0] < large.size() / 2);
        CHECK((sizes[1] < sizes[0] / 10) == keeps_context);
        l.other.drop();
        l.advance(1min);
    }
    CHECK(l.client->stats().messages_out == 9);
}
#endif
