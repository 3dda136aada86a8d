#include <millrace/adapters/websocketpp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "fake_server.hpp"

using namespace millrace;

namespace {

struct fake_message {
    std::string payload;
    int opcode = 1;

    [[nodiscard]] std::string& get_raw_payload() { return payload; }
    [[nodiscard]] int get_opcode() const { return opcode; }
};
using message_ptr = std::shared_ptr<fake_message>;
using handle = std::weak_ptr<void>;

/// What the adapter uses of `websocketpp::server::connection_type`.
struct fake_websocketpp {
    std::string resource;
    std::size_t buffered = 0;
    std::vector<std::string> sent{};
    std::vector<std::function<void(const std::error_code&)>> timers{};
    std::shared_ptr<int> timer{};
    std::function<void(handle, message_ptr)> on_message{};
    std::function<void(handle)> on_interrupt{}, on_close{};
    int interrupts = 0, closed = 0, paused = 0;

    [[nodiscard]] const std::string& get_resource() const { return resource; }
    void set_message_handler(std::function<void(handle, message_ptr)> f) { on_message = f; }
    void set_interrupt_handler(std::function<void(handle)> f) { on_interrupt = f; }
    void set_close_handler(std::function<void(handle)> f) { on_close = f; }
    std::error_code interrupt() {
        ++interrupts;
        return {};
    }
    [[nodiscard]] std::size_t get_buffered_amount() const { return buffered; }
    std::error_code send(const std::string& text) {
        sent.push_back(text);
        buffered += text.size();
        return {};
    }
    std::shared_ptr<int> set_timer(long, std::function<void(const std::error_code&)> f) {
        timers.push_back(std::move(f));
        return timer = std::make_shared<int>();
    }
    void handle_pause_reading() { ++paused; }
    void handle_resume_reading() { --paused; }
    void close(int code, const std::string&, std::error_code&) { closed = code; }

    void receive(std::string text, int opcode = 1) {
        on_message({}, std::make_shared<fake_message>(fake_message{std::move(text), opcode}));
    }
    void run() {
        while (interrupts != 0) {
            interrupts = 0;
            on_interrupt({});
        }
    }
};

std::shared_ptr<fake_websocketpp> connect(std::string resource) {
    return std::make_shared<fake_websocketpp>(fake_websocketpp{std::move(resource)});
}

}  // namespace

TEST_CASE("a websocketpp connection follows and feeds; others are left as they are") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{from<tick>("in") | key_by(&tick::id) | publish("out"),
                            fake_executor{&thread}};
    const auto sender = connect("/in"), seven = connect("/out?key=7"), other = connect("/mine");
    REQUIRE((adopt(sender, streams) && adopt(seven, streams)));
    REQUIRE_FALSE(adopt(other, streams));
    REQUIRE_FALSE(other->on_message);
    sender->receive("[" + json_of(7, 1) + "," + json_of(8, 1) + "]");
    seven->run();
    REQUIRE(seven->sent == std::vector{json_of(7, 1)});
    sender->receive("{}", 2);
    REQUIRE(sender->closed == 1003);
    seven->on_close({});
    REQUIRE(streams.stats().connections == 1u);
}

TEST_CASE("a full buffer of websocketpp is looked at again by one timer") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{
        from<tick>("in") | publish("out"), fake_executor{&thread}, {.server_buffer_bytes = 1}};
    const auto sender = connect("/in"), reader = connect("/out");
    REQUIRE((adopt(sender, streams) && adopt(reader, streams)));
    for (int i = 0; i != 3; ++i) {
        sender->receive(json_of(1, i));
        reader->run();
    }
    REQUIRE(reader->sent.size() == 1);
    REQUIRE(reader->timers.size() == 1);
    reader->buffered = 0;
    reader->timer.reset();
    reader->timers[0]({});
    reader->run();
    REQUIRE(reader->sent.size() == 2);
    REQUIRE(reader->timers.size() == 2);
}

TEST_CASE("a websocketpp connection is not read while the pipeline's thread is behind") {
    fake_thread thread;
    hosted_pipeline streams{
        from<tick>("in") | publish("out"), fake_executor{&thread}, {.inbox_bytes = 10}};
    const auto sender = connect("/in");
    REQUIRE(adopt(sender, streams));
    sender->receive(json_of(1, 1));
    REQUIRE(sender->paused == 1);
    thread.run();
    sender->run();
    REQUIRE(sender->paused == 0);
    REQUIRE(streams.running().events() == 1);
}
