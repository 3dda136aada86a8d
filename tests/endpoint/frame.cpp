#include <millrace/endpoint/frame.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using websocket::opcode;

TEST_CASE("a frame is what RFC 6455 says, header and payload in one piece") {
    const std::size_t size = GENERATE(0u, 1u, 125u, 126u, 127u, 65535u, 65536u);
    frame_pool pool;
    const std::string payload(size, 'x');
    std::string expected;
    websocket::append_frame(expected, opcode::binary, payload);
    REQUIRE(pool.make(opcode::binary, payload).bytes() == expected);
    REQUIRE(pool.make_with(opcode::binary, [&](std::string& out) { out += payload; }).bytes() ==
            expected);
}

TEST_CASE("the RFC's own example of an unmasked text frame") {
    frame_pool pool;
    REQUIRE(pool.make(opcode::text, "Hello").bytes() == "\x81\x05Hello");
}

TEST_CASE("wrapped bytes stay as they are, and an empty frame is empty") {
    frame_pool pool;
    REQUIRE(pool.wrap("HTTP").bytes() == "HTTP");
    REQUIRE(frame{}.bytes().empty());
    REQUIRE(frame{}.size() == 0);
}

TEST_CASE("copies of a frame share its bytes, and keep them") {
    frame_pool pool;
    frame kept;
    {
        const frame made = pool.make(opcode::text, "shared");
        kept = made;
        REQUIRE(kept.bytes().data() == made.bytes().data());
    }
    REQUIRE(pool.idle_bytes() == 0);
    REQUIRE(kept.bytes() == "\x81\x06shared");
    frame moved = std::move(kept);
    REQUIRE(moved.bytes() == "\x81\x06shared");
    moved = {};
    REQUIRE(pool.idle_bytes() > 0);
}

TEST_CASE("a pool uses the memory of frames again") {
    frame_pool pool;
    const std::string payload(1000, 'x');
    const char* first = pool.make(opcode::text, payload).bytes().data();
    const frame second = pool.make(opcode::text, payload);
    REQUIRE(second.bytes().data() == first);
    REQUIRE(pool.idle_bytes() == 0);
    REQUIRE(pool.make(opcode::text, "y").bytes() == "\x81\x01y");
}

TEST_CASE("a pool keeps no more idle memory than it may") {
    constexpr std::size_t limit = 10'000;
    frame_pool pool{limit};
    std::vector<frame> frames;
    for (int i = 0; i < 100; ++i) frames.push_back(pool.make(opcode::text, std::string(1000, 'x')));
    frames.clear();
    REQUIRE(pool.idle_bytes() <= limit);
    REQUIRE(pool.idle_bytes() > limit / 2);
}
