#include <millrace/adapters/beast.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "fake_server.hpp"

using namespace millrace;

namespace {

struct fake_buffer {
    struct area {
        char* begin;
        std::size_t count;
        [[nodiscard]] void* data() const { return begin; }
        [[nodiscard]] std::size_t size() const { return count; }
    };
    struct const_buffers_type {
        const char* begin;
        std::size_t count;
    };

    std::string bytes{};
    std::size_t most = 1 << 20;

    [[nodiscard]] std::size_t max_size() const { return most; }
    int prepare(std::size_t more) {
        if (bytes.size() + more > most) throw std::length_error{"fake_buffer too long"};
        return 0;
    }
    [[nodiscard]] area data() { return {bytes.data(), bytes.size()}; }
    [[nodiscard]] std::size_t size() const { return bytes.size(); }
    void consume(std::size_t) { bytes.clear(); }
};

/// What happens at the other end of a `fake_stream`.
struct fake_wire {
    std::function<void(bool, std::size_t)> on_read{}, on_written{};
    std::function<void(bool)> on_closed{};
    fake_buffer* into = nullptr;
    std::vector<std::string> written{};
    bool is_text = true;
    int close_code = 0;

    void receive(std::string text, bool as_text = true) {
        into->bytes = std::move(text);
        is_text = as_text;
        std::exchange(on_read, nullptr)(false, into->bytes.size());
    }
    void end() { std::exchange(on_read, nullptr)(true, 0); }
    void finish_write() { std::exchange(on_written, nullptr)(false, 0); }
};

struct fake_reason {
    int code = 0;
    std::string reason{};
};

/// What the adapter uses of `boost::beast::websocket::stream`.
struct fake_stream {
    std::shared_ptr<fake_wire> wire = std::make_shared<fake_wire>();
    fake_thread* thread = nullptr;

    [[nodiscard]] fake_executor get_executor() const { return {thread}; }
    template <class Handler>
    void async_read(fake_buffer& into, Handler f) {
        REQUIRE_FALSE(wire->on_read);  // Beast allows one at a time
        wire->into = &into;
        wire->on_read = std::move(f);
    }
    template <class Handler>
    void async_write(fake_buffer::const_buffers_type bytes, Handler f) {
        REQUIRE_FALSE(wire->on_written);
        wire->written.emplace_back(bytes.begin, bytes.count);
        wire->on_written = std::move(f);
    }
    template <class Handler>
    void async_close(const fake_reason& why, Handler f) {
        wire->close_code = why.code;
        wire->on_closed = std::move(f);
    }
    void text(bool) {}
    [[nodiscard]] bool got_text() const { return wire->is_text; }
    [[nodiscard]] fake_reason reason() const { return {}; }
};

template <class Hosted>
std::shared_ptr<fake_wire> connect(Hosted& streams, fake_thread& thread, std::string_view target) {
    fake_stream stream{.thread = &thread};
    fake_buffer buffer;
    const auto wire = stream.wire;
    return adopt(stream, buffer, target, streams) ? wire : nullptr;
}

}  // namespace

TEST_CASE("a Beast stream is written one message at a time, in order, while others wait") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{from<tick>("in") | publish("out"), fake_executor{&thread}};
    const auto sender = connect(streams, thread, "/in"), reader = connect(streams, thread, "/out");
    REQUIRE(connect(streams, thread, "/mine") == nullptr);
    std::vector<std::string> expected;
    for (int i = 0; i != 3; ++i) {
        sender->receive(json_of(1, i));
        expected.push_back(json_of(1, i));
        REQUIRE(reader->written.size() == 1);
    }
    for (int i = 0; i != 3; ++i) reader->finish_write();
    REQUIRE(reader->written == expected);
    sender->end();
    REQUIRE(streams.stats().connections == 1u);
    reader->end();
}

TEST_CASE("a Beast stream is read again when the pipeline's thread has taken what it sent") {
    fake_thread pipeline, server{.is_here = true};
    hosted_pipeline streams{
        from<tick>("in") | publish("out"), fake_executor{&pipeline}, {.inbox_bytes = 10}};
    const auto sender = connect(streams, server, "/in");
    sender->receive(json_of(1, 1));
    REQUIRE_FALSE(sender->on_read);
    pipeline.run();
    REQUIRE(sender->on_read);
    sender->end();
    pipeline.run();
}

TEST_CASE("a Beast stream that closes is read no more, and left once") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{from<tick>("in") | publish("out"), fake_executor{&thread}};
    const auto sender = connect(streams, thread, "/in");
    sender->receive("{}", false);
    REQUIRE(sender->close_code == 1003);
    REQUIRE_FALSE(sender->on_read);
    sender->on_closed(false);
    REQUIRE(streams.stats().connections == 0u);

    const auto reader = connect(streams, thread, "/out");
    streams.close_connections();
    REQUIRE(reader->close_code == 1001);
    reader->end();
    reader->on_closed(false);
    REQUIRE(streams.stats().connections == 0u);
    sender->on_closed = nullptr;
    reader->on_closed = nullptr;
}

TEST_CASE("a message as long as a buffer may be closes its connection, and no other") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{from<tick>("in") | publish("out"), fake_executor{&thread}};
    const auto sender = connect(streams, thread, "/in"), reader = connect(streams, thread, "/out");
    sender->into->most = 100;
    sender->receive(std::string(100, ' '));
    REQUIRE(sender->close_code == 1009);
    REQUIRE_FALSE(sender->on_read);
    sender->on_closed(false);
    sender->on_closed = nullptr;
    const auto other = connect(streams, thread, "/in");
    other->receive(json_of(1, 1));
    REQUIRE(reader->written.size() == 1);
    reader->finish_write();
    reader->end();
    other->end();
}
