#include <millrace/client/detail/outbox.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using millrace::full_outbox;
using millrace::websocket::frame;
using millrace::websocket::frame_pool;
using outbox = millrace::detail::client_outbox;
using kind = outbox::kind;

namespace {

millrace::websocket::frame_pool pool;

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
    return to.push(pool.wrap(std::move(text)), what);
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
    out.overtake(pool.wrap("<ping>"), kind::ping);
    out.overtake(pool.wrap("<pong 1>"), kind::pong);
    out.overtake(pool.wrap("<pong 2>"), kind::pong);
    CHECK(write(out) == "bc<pong 2><ping>def");
}

TEST_CASE("nothing follows a close frame until the next connection") {
    outbox out{1000, full_outbox::refuse};
    out.open();
    push(out, "a");
    out.push_close(pool.wrap("<close>"));
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
    out.overtake(pool.wrap("<pong>"), kind::pong);
    CHECK(write(out, 12) == "<pong>helloa");
    out.overtake(pool.wrap("<ping>"), kind::ping);
    out.push_close(pool.wrap("<close>"));
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
    CHECK(out.messages_dropped() == 0);
    CHECK(push(out, std::string(75, 'x')));
    CHECK(out.messages_dropped() == 2);
    out.overtake(pool.wrap("<pong>"), kind::pong);
    CHECK(write(out, 13) == "<pong>hellowo");
    CHECK(write(out, 4) == "rldx");
    CHECK(!push(out, std::string(11, 'y')));
    CHECK(write(out) == std::string(74, 'x'));
}

TEST_CASE("what waits leaves greetings their room, which is as large") {
    const auto when_full = GENERATE(full_outbox::refuse, full_outbox::drop_oldest);
    outbox out{3 * cost_of_a, when_full};
    for (const auto* text : {"a", "b", "c"}) CHECK(push(out, text));
    for (int connection = 0; connection != 2; ++connection) {
        out.open();
        for (const auto* text : {"1", "2", "3"}) CHECK(push(out, text, kind::greeting));
        CHECK(!push(out, "4", kind::greeting));
        CHECK(out.size_bytes() == 6 * cost_of_a);
        CHECK(write(out, 1) == "1");
        CHECK(push(out, "5", kind::greeting));
        CHECK(!push(out, "6", kind::greeting));
        out.lost();
        CHECK(out.size_bytes() == 3 * cost_of_a);
    }
    out.open();
    CHECK(write(out) == "abc");
}

TEST_CASE("a control frame replaces the one of its kind that waits, wherever that is") {
    outbox out{1000, full_outbox::refuse};
    out.open();
    push(out, "abc");
    for (int i = 0; i != 3; ++i) {
        out.overtake(pool.wrap("<ping>"), kind::ping);
        out.overtake(pool.wrap("<pong>"), kind::pong);
    }
    CHECK(write(out) == "<pong><ping>abc");
}

TEST_CASE("no message is dropped in vain") {
    outbox out{3 * cost_of_a, full_outbox::drop_oldest};
    push(out, "aa");
    push(out, "b");
    out.open();
    CHECK(write(out, 1) == "a");
    CHECK(!push(out, std::string(1 + cost_of_a, 'x')));
    CHECK(out.messages_dropped() == 0);
    CHECK(push(out, std::string(cost_of_a, 'x')));
    CHECK(out.messages_dropped() == 1);
}

TEST_CASE("greetings stay in order when those before them are on their way") {
    outbox out{1000, full_outbox::refuse};
    push(out, "old");
    out.open();
    push(out, "hello,", kind::greeting);
    CHECK(write(out, 8) == "hello,ol");
    push(out, "world,", kind::greeting);
    push(out, "new");
    out.push_close(pool.wrap("<close>"));
    push(out, "again,", kind::greeting);
    CHECK(write(out) == "dworld,again,new<close>");

    out.lost();
    out.open();
    out.push_close(pool.wrap("<close>"));
    push(out, "last", kind::greeting);
    CHECK(write(out) == "last<close>");
}

namespace {

/// Refers to what it compressed before: by a number, which no longer fits if one is missing.
struct numbering {
    int count = 0;
    int asked = 0;

    frame operator()(const frame& message) {
        ++asked;
        if (message.size() < 3) return message;
        return pool.wrap("(" + std::to_string(count++) + ":" + std::string{message.bytes()} + ")");
    }
};

std::string write_compressed(outbox& from, numbering& by, std::size_t bytes = SIZE_MAX) {
    std::array<asio::const_buffer, 64> parts;
    const std::size_t ready = from.prepare(parts.size(), by);
    std::string out;
    for (std::size_t i = 0, count = from.gather({parts.data(), ready}); i != count; ++i)
        out.append(static_cast<const char*>(parts[i].data()), parts[i].size());
    out.resize(std::min(out.size(), bytes));
    from.written(out.size());
    return out;
}

}  // namespace

TEST_CASE("messages are compressed in the order in which they are sent, once a connection") {
    outbox out{10'000, full_outbox::refuse};
    numbering first;
    push(out, "abc");
    push(out, "d");
    push(out, "efg");
    CHECK(write_compressed(out, first).empty());
    CHECK(first.asked == 0);
    out.open();
    push(out, "login", kind::greeting);
    CHECK(write_compressed(out, first, 3) == "(0:");
    out.overtake(pool.wrap("<pong>"), kind::pong);
    CHECK(write_compressed(out, first) == "login)<pong>(1:abc)d(2:efg)");
    CHECK(first.asked == 4);
    CHECK(out.size_bytes() == 0);
    CHECK(out.messages_written() == 4);
}

TEST_CASE("what was compressed and not sent is compressed anew for the next connection") {
    outbox out{10'000, full_outbox::refuse};
    numbering first, second;
    out.open();
    for (const auto* text : {"abc", "def", "ghi"}) push(out, text);
    CHECK(write_compressed(out, first, 8) == "(0:abc)(");
    SECTION("after a loss") {
        out.lost();
        CHECK(out.messages_dropped() == 1);
        out.open();
        CHECK(write_compressed(out, second) == "(0:ghi)");
    }
    SECTION("after a close that went ahead") {
        out.overtake(pool.wrap("<close>"), kind::close);
        CHECK(write_compressed(out, first) == "1:def)<close>");
        CHECK(write_compressed(out, first).empty());
        out.lost();
        CHECK(out.messages_dropped() == 0);
        out.open();
        CHECK(write_compressed(out, second) == "(0:ghi)");
    }
    SECTION("uncompressed, when the next one does not compress") {
        out.lost();
        out.open();
        CHECK(write(out) == "ghi");
    }
}

TEST_CASE("nothing is compressed behind a close frame") {
    outbox out{10'000, full_outbox::refuse};
    numbering by;
    out.open();
    push(out, "abc");
    out.push_close(pool.wrap("<close>"));
    push(out, "def");
    CHECK(write_compressed(out, by) == "(0:abc)<close>");
    CHECK(by.asked == 1);
}

TEST_CASE("what is compressed is not dropped, and leaves half of the room to what may be") {
    const std::size_t cost = outbox::frame_overhead_bytes + 3;
    outbox out{8 * cost, full_outbox::drop_oldest};
    numbering by;
    out.open();
    for (int i = 100; i != 108; ++i) push(out, std::to_string(i));
    CHECK(write_compressed(out, by, 1) == "(");
    CHECK(by.asked == 4);
    for (int i = 200; i != 206; ++i) CHECK(push(out, std::to_string(i)));
    CHECK(out.messages_dropped() == 6);
    std::string all;
    for (std::string some; !(some = write_compressed(out, by)).empty();) all += some;
    CHECK(all == "0:100)(1:101)(2:102)(3:103)(4:202)(5:203)(6:204)(7:205)");
}

TEST_CASE("a message of more than half of the room is compressed alone") {
    outbox out{1000, full_outbox::refuse};
    numbering by;
    out.open();
    push(out, std::string(700, 'x'));
    push(out, "abc");
    CHECK(write_compressed(out, by).size() == 704);
    CHECK(write_compressed(out, by) == "(1:abc)");
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

TEST_CASE("whatever happens, each connection gets its compressed messages without a gap") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    const auto draw = [&](std::size_t below) { return random() % below; };
    for (int round = 0; round != 50; ++round) {
        const std::size_t limit = 500 + draw(2000);
        outbox out{limit, round % 2 == 0 ? full_outbox::drop_oldest : full_outbox::refuse};
        numbering by;
        std::string wire, last_arrived;
        std::size_t taken = 0, arrived = 0;
        const auto end_connection = [&] {
            int expected = 0;
            for (std::size_t at = 0, end; (end = wire.find_first_of(")>", at)) != wire.npos;
                 at = end + 1) {
                if (wire[end] == '>') continue;
                const auto colon = wire.find(':', at);
                REQUIRE(wire.substr(at, colon - at) == "(" + std::to_string(expected++));
                const auto number = wire.substr(colon + 1, end - colon - 1);
                REQUIRE(number > last_arrived);
                last_arrived = number;
                ++arrived;
            }
            wire.clear();
            out.lost();
            by.count = 0;
        };
        for (int step = 0; step != 300; ++step) {
            switch (draw(9)) {
                case 0: end_connection(); break;
                case 1:
                case 2: out.open(); break;
                case 3:
                case 4: wire += write_compressed(out, by, draw(60)); break;
                case 5:
                    if (draw(4) == 0) out.overtake(pool.wrap("<pong>"), kind::pong);
                    break;
                default: {
                    char text[16];
                    std::snprintf(text, sizeof text, "%08d", step);
                    taken += push(out, text);
                }
            }
        }
        end_connection();
        out.open();
        while (out.size_bytes() != 0) wire += write_compressed(out, by);
        end_connection();
        CHECK(arrived == out.messages_written());
        CHECK(taken == out.messages_written() + out.messages_dropped());
        CHECK(arrived > 0);
    }
}
