#include <millrace/endpoint/detail/client_outbox.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using millrace::full_outbox;
using outbox = millrace::detail::client_outbox;
using kind = outbox::kind;

namespace {

/// Writes at most `bytes` of what is gathered, and gives what was written.
std::string write(outbox& from, std::size_t bytes = SIZE_MAX) {
    std::array<asio::const_buffer, 64> parts;
    std::string out;
    for (std::size_t i = 0, count = from.gather(parts); i != count; ++i)
        out.append(static_cast<const char*>(parts[i].data()), parts[i].size());
    out.resize(std::min(out.size(), bytes));
    from.written(out.size());
    return out;
}

bool push(outbox& to, std::string text, kind what = kind::message) {
    return to.push(std::move(text), what);
}

constexpr std::size_t cost_of_a = outbox::frame_overhead_bytes + 1;

}  // namespace

TEST_CASE("messages wait until a connection is open, and go in order") {
    outbox out{1000, full_outbox::refuse};
    push(out, "a");
    push(out, "b");
    CHECK(write(out).empty());
    out.open();
    push(out, "c");
    CHECK(out.size_bytes() == 3 * cost_of_a);
    CHECK(write(out, 1) == "a");
    CHECK(write(out) == "bc");
    CHECK(write(out).empty());
    CHECK(out.size_bytes() == 0);
    CHECK(out.messages_written() == 3);
}

TEST_CASE("greetings go ahead of what waits, in order") {
    outbox out{1000, full_outbox::refuse};
    push(out, "old");
    out.open();
    push(out, "hello,", kind::greeting);
    push(out, "new");
    push(out, "world,", kind::greeting);
    CHECK(write(out) == "hello,world,oldnew");
}

TEST_CASE("control frames overtake all that is not being written") {
    outbox out{1000, full_outbox::refuse};
    out.open();
    push(out, "abc");
    push(out, "def");
    CHECK(write(out, 1) == "a");
    out.overtake("<ping>", kind::ping);
    out.overtake("<pong 1>", kind::pong);
    out.overtake("<pong 2>", kind::pong);
    CHECK(write(out) == "bc<pong 2><ping>def");
}

TEST_CASE("nothing follows a close frame until the next connection") {
    outbox out{1000, full_outbox::refuse};
    out.open();
    push(out, "a");
    out.push_close("<close>");
    push(out, "b");
    CHECK(write(out) == "a<close>");
    push(out, "c");
    CHECK(write(out).empty());
    out.lost();
    out.open();
    CHECK(write(out) == "bc");
}

TEST_CASE("a lost connection takes with it what was only for it, and what was in part sent") {
    outbox out{1000, full_outbox::refuse};
    out.open();
    push(out, "hello", kind::greeting);
    push(out, "abc");
    push(out, "def");
    out.overtake("<pong>", kind::pong);
    CHECK(write(out, 12) == "<pong>helloa");
    out.overtake("<ping>", kind::ping);
    out.push_close("<close>");
    out.lost();
    CHECK(out.messages_dropped() == 1);
    CHECK(write(out).empty());
    out.open();
    CHECK(write(out) == "def");
    CHECK(out.messages_written() == 2);
}

TEST_CASE("a full outbox drops its oldest messages, or refuses new ones") {
    outbox dropping{3 * cost_of_a, full_outbox::drop_oldest};
    outbox refusing{3 * cost_of_a, full_outbox::refuse};
    for (const auto* text : {"a", "b", "c"}) {
        CHECK(push(dropping, text));
        CHECK(push(refusing, text));
    }
    CHECK(push(dropping, "d"));
    CHECK(!push(refusing, "d"));
    CHECK(!push(dropping, std::string(200, 'x')));
    CHECK(dropping.messages_dropped() == 1);
    CHECK(refusing.messages_dropped() == 0);
    dropping.open();
    refusing.open();
    CHECK(write(dropping) == "bcd");
    CHECK(write(refusing) == "abc");
}

TEST_CASE("greetings, control frames and a message under way are not dropped") {
    outbox out{2 * cost_of_a + 5 + outbox::frame_overhead_bytes, full_outbox::drop_oldest};
    push(out, "a");
    push(out, "b");
    out.open();
    CHECK(push(out, "hello", kind::greeting));
    CHECK(push(out, "world", kind::greeting));
    CHECK(out.messages_dropped() == 2);
    CHECK(!push(out, std::string(10, 'x')));
    CHECK(write(out, 7) == "hellowo");
    CHECK(push(out, "c"));
    CHECK(push(out, "d"));
    CHECK(write(out) == "rldcd");
}

TEST_CASE("nothing is left of a discarded outbox") {
    outbox out{1000, full_outbox::refuse};
    push(out, "a");
    push(out, "b");
    out.discard();
    CHECK(out.size_bytes() == 0);
    CHECK(out.messages_dropped() == 2);
    out.open();
    CHECK(write(out).empty());
}

TEST_CASE("whatever happens, messages arrive at most once, in order, and within the limit") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    const auto draw = [&](std::size_t below) { return random() % below; };
    for (int round = 0; round != 50; ++round) {
        const std::size_t limit = 500 + draw(2000);
        outbox out{limit, round % 2 == 0 ? full_outbox::drop_oldest : full_outbox::refuse};
        std::string wire;
        std::size_t taken = 0, arrived = 0;
        std::string last_arrived;
        const auto end_connection = [&] {
            // Messages are "<number>": what a connection cuts in two counts as not arrived.
            for (std::size_t at = 0, end; (end = wire.find('>', at)) != wire.npos; at = end + 1) {
                const auto number = wire.substr(at, end - at);
                REQUIRE(number > last_arrived);
                last_arrived = number;
                ++arrived;
            }
            wire.clear();
            out.lost();
        };
        for (int step = 0; step != 300; ++step) {
            switch (draw(8)) {
                case 0: end_connection(); break;
                case 1:
                case 2: out.open(); break;
                case 3:
                case 4: wire += write(out, draw(40)); break;
                default: {
                    char text[16];
                    std::snprintf(text, sizeof text, "<%08d>", step);
                    taken += push(out, text);
                    REQUIRE(out.size_bytes() <= limit);
                }
            }
        }
        end_connection();
        out.open();
        wire = write(out);
        while (out.size_bytes() != 0) wire += write(out);
        end_connection();
        CHECK(arrived == out.messages_written());
        CHECK(taken == out.messages_written() + out.messages_dropped());
    }
}
