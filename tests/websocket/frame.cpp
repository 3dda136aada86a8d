#include <millrace/websocket/frame.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using websocket::opcode;

TEST_CASE("a frame is what RFC 6455 says, header and payload in one piece") {
    const std::size_t size = GENERATE(0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 262143u, 262144u);
    websocket::frame_pool pool;
    const std::string payload(size, 'x');
    std::string expected;
    websocket::append_frame(expected, opcode::binary, payload);
    REQUIRE(pool.make(opcode::binary, payload).bytes() == expected);
    REQUIRE(pool.make_with(opcode::binary, [&](std::string& out) { out += payload; }).bytes() ==
            expected);
}

TEST_CASE("the RFC's own example of an unmasked text frame") {
    websocket::frame_pool pool;
    REQUIRE(pool.make(opcode::text, "Hello").bytes() == "\x81\x05Hello");
}

TEST_CASE("a masked frame is what RFC 6455 says, at each length of the header") {
    const std::size_t size = GENERATE(0u, 1u, 7u, 8u, 125u, 126u, 127u, 65535u, 65536u, 262144u);
    constexpr std::uint32_t key = 0x89abcdef;
    websocket::frame_pool pool;
    const std::string payload(size, 'x');
    std::string expected;
    websocket::append_masked_frame(expected, opcode::binary, payload, key);
    REQUIRE(pool.make(opcode::binary, key, payload).bytes() == expected);
    REQUIRE(
        pool.make_with(opcode::binary, key, [&](std::string& out) { out += payload; }).bytes() ==
        expected);
    REQUIRE(pool.idle_bytes() > size);
}

TEST_CASE("the RFC's own example of a masked text frame") {
    constexpr unsigned char bytes[] = {0x37, 0xfa, 0x21, 0x3d};
    std::uint32_t key;
    std::memcpy(&key, bytes, sizeof key);
    websocket::frame_pool pool;
    REQUIRE(pool.make(opcode::text, key, "Hello").bytes() ==
            "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST_CASE("wrapped bytes stay as they are, and an empty frame is empty") {
    websocket::frame_pool pool;
    REQUIRE(pool.wrap("HTTP").bytes() == "HTTP");
    REQUIRE(websocket::frame{}.bytes().empty());
    REQUIRE(websocket::frame{}.size() == 0);
}

TEST_CASE("copies of a frame share its bytes, and keep them") {
    websocket::frame_pool pool;
    websocket::frame kept;
    {
        const websocket::frame made = pool.make(opcode::text, "shared");
        kept = made;
        REQUIRE(kept.bytes().data() == made.bytes().data());
    }
    REQUIRE(pool.idle_bytes() == 0);
    REQUIRE(kept.bytes() == "\x81\x06shared");
    websocket::frame moved = std::move(kept);
    REQUIRE(moved.bytes() == "\x81\x06shared");
    moved = {};
    REQUIRE(pool.idle_bytes() > 0);
}

namespace {

struct holder {
    websocket::frame held{};
    int status = 200;
};

/// As an HTTP session empties what a HEAD must not get.
template <class>
struct emptier {
    void empty(holder from, bool is_empty) {
        if (is_empty || from.status == 304) {
            from.held = {};
        } else {
            kept = from.held;
        }
    }
    websocket::frame kept{};
};

}  // namespace

TEST_CASE("no frame stays alive behind an assignment, also in a template's branch") {
    websocket::frame_pool pool;
    const auto bytes_of = [&] {  // what one frame of this size leaves in the pool
        static_cast<void>(pool.make(opcode::text, std::string(1000, 'x')));
        return pool.idle_bytes();
    };
    const auto one = bytes_of();
    emptier<int> with;
    for (int i = 0; i != 3; ++i) {
        with.empty({pool.make(opcode::text, std::string(1000, 'x'))}, true);
        REQUIRE(pool.idle_bytes() == one);
    }
    with.empty({pool.make(opcode::text, std::string(1000, 'x'))}, false);
    REQUIRE(pool.idle_bytes() == 0);
    const auto& same = with.kept;
    with.kept = same;
    REQUIRE(with.kept.size() == 1004);
    with.empty({}, false);
    REQUIRE(pool.idle_bytes() == one);

    websocket::frame a = pool.make(opcode::text, "a"), b = pool.make(opcode::text, "b");
    const websocket::frame also_b = b;
    a = b;
    REQUIRE(a.bytes().data() == also_b.bytes().data());
    b = std::move(a);
    REQUIRE(a.size() == 0);
    REQUIRE(b.bytes().data() == also_b.bytes().data());
    a = b = {};
    REQUIRE(also_b.bytes() ==
            "\x81\x01"
            "b");
}

TEST_CASE("a pool uses the memory of frames again") {
    websocket::frame_pool pool;
    const std::string payload(1000, 'x');
    const char* first = pool.make(opcode::text, payload).bytes().data();
    const websocket::frame second = pool.make(opcode::text, payload);
    REQUIRE(second.bytes().data() == first);
    REQUIRE(pool.idle_bytes() == 0);
    REQUIRE(pool.make(opcode::text, "y").bytes() == "\x81\x01y");
}

TEST_CASE("a pool keeps no more idle memory than it may") {
    constexpr std::size_t limit = 10'000;
    websocket::frame_pool pool{limit};
    std::vector<websocket::frame> frames;
    for (int i = 0; i < 100; ++i) frames.push_back(pool.make(opcode::text, std::string(1000, 'x')));
    frames.clear();
    REQUIRE(pool.idle_bytes() <= limit);
    REQUIRE(pool.idle_bytes() > limit / 2);
}

namespace {

/// "Compresses" text to its length, and says so of texts of more than four characters.
struct counting final : websocket::compressor {
    std::uint64_t key;
    int compressed = 0;
    int asked = 0;
    std::string last{};

    explicit counting(std::uint64_t shared) : key{shared} {}

    errc restore(std::string_view, bool, std::size_t, websocket::message_buffer&) override {
        return errc{};
    }
    bool compress(std::string_view message, std::string& out) override {
        ++asked;
        if (message.size() <= 4) return false;
        ++compressed;
        last = message;
        out += std::to_string(message.size());
        return true;
    }
    [[nodiscard]] std::uint64_t shared_key() const noexcept override { return key; }
};

}  // namespace

TEST_CASE("a frame is compressed once for all who can be sent the same") {
    websocket::frame_pool pool;
    counting a{7}, b{7}, other{8}, own{0};
    {
        const websocket::frame message = pool.make(websocket::opcode::text, "a long text");
        const websocket::frame compressed = pool.compress(message, a);
        REQUIRE(compressed.bytes() ==
                "\xc1\x02"
                "11");  // FIN, RSV1, text; two bytes
        REQUIRE(pool.compress(message, b).bytes().data() == compressed.bytes().data());
        REQUIRE(b.compressed == 0);
        REQUIRE(pool.compress(message, other).bytes() == compressed.bytes());
        REQUIRE(pool.compress(message, own).bytes() == compressed.bytes());
        REQUIRE(pool.compress(message, own).bytes() == compressed.bytes());
        REQUIRE(own.compressed == 2);
        // One of another kind does not cost those of the first anything.
        REQUIRE(pool.compress(message, other).bytes() == compressed.bytes());
        REQUIRE(pool.compress(message, b).bytes().data() == compressed.bytes().data());
        REQUIRE((a.compressed == 1 && b.compressed == 0 && other.compressed == 1));
        const websocket::frame brief = pool.make(websocket::opcode::binary, "tiny");
        const int asked = a.asked;
        REQUIRE(pool.compress(brief, a).bytes().data() == brief.bytes().data());
        REQUIRE(pool.compress(brief, a).bytes().data() == brief.bytes().data());
        REQUIRE(a.asked == asked + 1);
    }
    const websocket::frame reused = pool.make(websocket::opcode::text, "another long text");
    REQUIRE(pool.compress(reused, a).bytes() ==
            "\xc1\x02"
            "17");
    REQUIRE(a.compressed == 2);
}

TEST_CASE("a frame keeps a few compressed forms, and who needs one more is sent it as it is") {
    websocket::frame_pool pool;
    for (int round = 0; round != 2; ++round) {  // also where the frame's memory is used again
        const websocket::frame message = pool.make(websocket::opcode::text, "a long text");
        for (std::uint64_t key = 1; key <= 10; ++key) {
            counting with{key};
            const bool is_kept = key <= websocket::frame_pool::max_forms;
            REQUIRE((pool.compress(message, with).size() == 4) == is_kept);
            REQUIRE(with.asked == (is_kept ? 1 : 0));
            REQUIRE((pool.compress(message, with).size() == 4) == is_kept);
            REQUIRE(with.asked == (is_kept ? 1 : 0));
        }
    }
    REQUIRE(pool.used_bytes() == 0);
}

TEST_CASE("a pool counts each frame once, however many hold it") {
    websocket::frame_pool pool{10'000};
    websocket::frame one = pool.make(opcode::text, std::string(1000, 'x'));
    const std::size_t bytes = pool.used_bytes();
    REQUIRE((bytes >= 1000 && bytes < 1500));
    REQUIRE(one.shared_bytes() == bytes);
    {
        const std::vector<websocket::frame> copies(9, one);
        REQUIRE(pool.used_bytes() == bytes);
        REQUIRE(one.shared_bytes() == bytes / 10);
    }
    REQUIRE(one.shared_bytes() == bytes);
    const websocket::frame large = pool.wrap(std::string(50'000, 'x'));
    REQUIRE(pool.used_bytes() > bytes + 50'000);
    one = {};
    REQUIRE(pool.used_bytes() == large.shared_bytes());
    REQUIRE(pool.idle_bytes() == bytes);
    one = pool.wrap_with([](std::string& out) { out.assign(3000, 'y'); });
    REQUIRE(pool.idle_bytes() == 0);
    REQUIRE(pool.used_bytes() == large.shared_bytes() + one.shared_bytes());
    REQUIRE(one.shared_bytes() >= 3000);
    REQUIRE(websocket::frame{}.shared_bytes() == 0);
}

TEST_CASE("a masked frame is compressed behind its mask, and masked again by the same key") {
    constexpr std::uint32_t key = 0x01020304;
    websocket::frame_pool pool;
    counting with{7};
    const std::string text(70'000, 'x');
    const websocket::frame message = pool.make(opcode::binary, key, text);
    std::string expected;
    websocket::append_masked_frame(expected, opcode::binary, "70000", key, true, true);
    REQUIRE(pool.compress_masked(message, with).bytes() == expected);
    REQUIRE(pool.compress_masked(message, with).bytes() == expected);
    REQUIRE(with.compressed == 2);
    REQUIRE(with.last == text);

    expected.clear();
    websocket::append_masked_frame(expected, opcode::binary, text, key);
    REQUIRE(message.bytes() == expected);

    const websocket::frame brief = pool.make(opcode::text, key, "tiny");
    REQUIRE(pool.compress_masked(brief, with).bytes().data() == brief.bytes().data());
}

TEST_CASE("a long payload's memory is given back at once") {
    websocket::frame_pool pool;
    const std::string payload(1024 * 1024, 'x');
    {
        const auto sent = pool.make(opcode::text, payload);
        REQUIRE(pool.used_bytes() > payload.size());
        REQUIRE(pool.make(opcode::text, 7, payload).size() > payload.size());
    }
    REQUIRE(pool.used_bytes() == 0);
    REQUIRE(pool.idle_bytes() < 1024);
    REQUIRE(pool.make(opcode::text, "Hello").bytes() == "\x81\x05Hello");
}
