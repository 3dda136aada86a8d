#include <millrace/websocket/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "naive_decoder.hpp"
#include "stream.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

constexpr unsigned fin = 0x80;
constexpr unsigned text = 1, binary = 2, close_op = 8, ping = 9, pong = 10;

const std::string protocol_failure = "error WebSocket protocol error";
const std::string utf8_failure = "error invalid UTF-8";
const std::string size_failure = "error message too big";

std::vector<protocol_options> lanes(protocol_options options = {}) {
    std::vector<protocol_options> all{options, slow(options)};
    for (const std::size_t bytes : {20u, 33u, 140u}) {
        all.push_back(options);
        all.back().buffer_bytes = bytes;
    }
    return all;
}

/// The stream must give `expected` in both lanes, however it is cut.
template <role Role = role::server>
void expect(std::string_view stream, const transcript& expected, protocol_options options = {}) {
    for (const auto& lane : lanes(options)) {
        CAPTURE(lane.buffer_bytes);
        CHECK(read_chunks<Role>(stream, {}, lane) == expected);
        for (const std::size_t step : {1u, 2u, 3u, 7u})
            CHECK(read_chunks<Role>(stream, every(step, stream.size()), lane) == expected);
        for (std::size_t cut = 1; cut < stream.size(); ++cut)
            if (read_chunks<Role>(stream, {cut}, lane) != expected)
                FAIL("cut at " << cut << ", buffer of " << lane.buffer_bytes);
    }
}

std::string close_frame(unsigned code, std::string_view reason = {}) {
    return raw_frame(fin | close_op, bytes_of({code >> 8, code & 255}) + std::string{reason});
}

const std::string hello = raw_frame(fin | text, "Hello");

}  // namespace

TEST_CASE("the messages of RFC 6455, section 5.7") {
    expect<role::client>(bytes_of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), {"text:Hello"});
    expect(bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
           {"text:Hello"});
    expect<role::client>(bytes_of({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}),
                         {"text:Hello"});
    expect<role::client>(bytes_of({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), {"ping:Hello"});
    expect(bytes_of({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
           {"pong:Hello"});
    const std::string small(256, 'b'), large(65536, 'b');
    expect<role::client>(bytes_of({0x82, 0x7e, 0x01, 0x00}) + small, {"binary:" + small});
    for (const auto& lane : lanes())
        CHECK(read_chunks<role::client>(bytes_of({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + large, {},
                                        lane) == transcript{"binary:" + large});
}

TEST_CASE("messages keep their kind, order and bytes") {
    const std::string zeros(3, '\0');
    expect(hello + raw_frame(fin | binary, zeros) + raw_frame(fin | text, "") +
               raw_frame(fin | binary, "") + raw_frame(fin | text, std::string(130, 'x')) + hello,
           {"text:Hello", "binary:" + zeros, "text:", "binary:", "text:" + std::string(130, 'x'),
            "text:Hello"});
}

TEST_CASE("fragments make one message (section 5.4)") {
    expect(
        raw_frame(text, "a") + raw_frame(0, "") + raw_frame(0, "bc") + raw_frame(fin, "d") + hello,
        {"text:abcd", "text:Hello"});
    expect(raw_frame(binary, "\xff") + raw_frame(fin, "\xfe"), {"binary:\xff\xfe"});
    expect(raw_frame(text, "") + raw_frame(fin, ""), {"text:"});

    SECTION("control frames may come between them") {
        expect(raw_frame(text, "a") + raw_frame(fin | ping, "1") + raw_frame(0, "b") +
                   raw_frame(fin | pong, "2") + raw_frame(fin, "c") + hello,
               {"ping:1", "pong:2", "text:abc", "text:Hello"});
        expect(raw_frame(text, "a") + close_frame(1000) + raw_frame(fin, "b"), {"close 1000:"});
    }
    SECTION("another message may not") {
        expect(hello + raw_frame(text, "a") + raw_frame(fin | text, "b"),
               {"text:Hello", protocol_failure});
        expect(raw_frame(text, "a") + raw_frame(binary, "b"), {protocol_failure});
        expect(raw_frame(text, "a") + raw_frame(fin, "b") + raw_frame(fin, "c"),
               {"text:ab", protocol_failure});
    }
    SECTION("a message cannot begin with a continuation") {
        expect(raw_frame(fin, "a"), {protocol_failure});
        expect(hello + raw_frame(0, "a"), {"text:Hello", protocol_failure});
    }
}

TEST_CASE("frames from a client are masked, frames from a server are not (section 5.1)") {
    for (const unsigned op : {text, binary, ping, close_op}) {
        expect(hello + raw_frame(fin | op, "ab", false), {"text:Hello", protocol_failure});
        expect<role::client>(raw_frame(fin | op, "ab", true), {protocol_failure});
    }
}

TEST_CASE("reserved bits and opcodes are refused (section 5.2)") {
    for (const unsigned bit : {0x10u, 0x20u, 0x40u})
        for (const unsigned op : {text, binary, ping})
            expect(hello + raw_frame(fin | bit | op, "x"), {"text:Hello", protocol_failure});
    for (const unsigned op : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u})
        expect(hello + raw_frame(fin | op, "x"), {"text:Hello", protocol_failure});
    expect(raw_frame(text, "a") + raw_frame(fin | 0x40, "b"), {protocol_failure});
}

TEST_CASE("lengths must take their shortest form (section 5.2)") {
    expect(raw_frame(fin | text, "abc", true, 2), {protocol_failure});
    expect(raw_frame(fin | text, "abc", true, 8), {protocol_failure});
    expect(raw_frame(fin | text, std::string(126, 'a'), true, 8), {protocol_failure});
    expect(raw_frame(text, "") + raw_frame(fin, "abc", true, 2), {protocol_failure});
}

TEST_CASE("control frames are short and whole (section 5.5)") {
    const std::string longest(125, 'p');
    expect(raw_frame(fin | ping, longest) + raw_frame(fin | pong, ""),
           {"ping:" + longest, "pong:"});
    for (const unsigned op : {close_op, ping, pong}) {
        expect(raw_frame(fin | op, std::string(126, 'p')), {protocol_failure});
        expect(raw_frame(op, "p"), {protocol_failure});
    }
}

TEST_CASE("a close frame ends the stream, whatever follows (section 5.5.1)") {
    expect(hello + close_frame(1000, "bye") + hello + raw_frame(0x7f, "junk", false),
           {"text:Hello", "close 1000:bye"});
    expect(raw_frame(fin | close_op, "") + hello, {"close 1005:"});
    expect(close_frame(4999, "\xe2\x82\xac"), {"close 4999:\xe2\x82\xac"});
    expect(close_frame(1001, std::string(123, 'r')), {"close 1001:" + std::string(123, 'r')});
}

TEST_CASE("close frames with a wrong code or reason are refused (section 7.4)") {
    expect(raw_frame(fin | close_op, "x"), {protocol_failure});
    for (const unsigned code :
         {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u})
        expect(close_frame(code), {protocol_failure});
    expect(close_frame(1000, "\xff"), {utf8_failure});
    expect(close_frame(1000, "\xe2\x82"), {utf8_failure});
}

TEST_CASE("text is valid UTF-8 (section 8.1)") {
    const std::string euro = "\xe2\x82\xac";

    SECTION("in one frame") {
        expect(raw_frame(fin | text, euro) + hello, {"text:" + euro, "text:Hello"});
        for (const char* bad : {"\xff", "\xe2\x82", "abcdefgh\xed\xa0\x80", "\xc0\x80", "\x80",
                                "\xf4\x90\x80\x80", "abcdefghijklmnop\xe2"})
            expect(hello + raw_frame(fin | text, bad) + hello, {"text:Hello", utf8_failure});
    }
    SECTION("a character may be cut between fragments") {
        expect(raw_frame(text, "a\xe2") + raw_frame(0, "\x82") + raw_frame(fin, "\xac z"),
               {"text:a" + euro + " z"});
    }
    SECTION("the end of the last fragment may not cut one") {
        expect(raw_frame(text, "a") + raw_frame(fin, "\xe2\x82"), {utf8_failure});
        expect(raw_frame(text, "\xe2\x82") + raw_frame(fin, ""), {utf8_failure});
    }
    SECTION("a bad byte in a fragment fails before the message ends") {
        expect(raw_frame(text, "\xe2\x28") + raw_frame(fin | ping, ""), {utf8_failure});
        expect(raw_frame(text, "\xe2") + raw_frame(fin | ping, "") + raw_frame(0, "a"),
               {"ping:", utf8_failure});
    }
    SECTION("binary messages may hold anything") {
        expect(raw_frame(fin | binary, "\xff") + raw_frame(binary, "\xe2") + raw_frame(fin, "a"),
               {"binary:\xff",
                "binary:\xe2"
                "a"});
    }
}

TEST_CASE("messages beyond the limit are refused") {
    protocol_options options;
    options.max_message_bytes = 10;

    SECTION("in one frame") {
        expect(raw_frame(fin | text, "0123456789") + raw_frame(fin | text, "0123456789a"),
               {"text:0123456789", size_failure}, options);
    }
    SECTION("as the sum of fragments") {
        expect(raw_frame(text, "01234") + raw_frame(fin, "56789") + raw_frame(text, "01234") +
                   raw_frame(0, "56789") + raw_frame(fin, "a"),
               {"text:0123456789", size_failure}, options);
    }
    SECTION("control frames do not count") {
        const std::string longest(125, 'p');
        expect(raw_frame(text, "01234") + raw_frame(fin | ping, longest) + raw_frame(fin, "56789"),
               {"ping:" + longest, "text:0123456789"}, options);
    }
}

TEST_CASE("a huge declared size is refused by its header alone") {
    constexpr std::uint64_t gigabyte = 1024 * 1024 * 1024;
    for (const std::uint64_t size :
         {gigabyte, std::uint64_t{1} << 62, (std::uint64_t{1} << 63) - 1}) {
        expect(huge_header(fin | text, size), {size_failure});
        expect(raw_frame(text, "a") + huge_header(fin, size), {size_failure});
    }
    // A sum that wraps around would pass the limit.
    expect(raw_frame(text, "a") + huge_header(fin, ~std::uint64_t{0}), {protocol_failure});

    const std::string header = huge_header(fin | binary, gigabyte);
    for (const auto& lane : lanes()) {
        const auto before = allocations_so_far().bytes;
        const auto events = read_chunks(header, {}, lane);
        CHECK(allocations_so_far().bytes - before < lane.buffer_bytes + 4096);
        CHECK(events == transcript{size_failure});
    }
}

TEST_CASE("fragments without end are refused") {
    protocol_options options;
    options.max_fragments = 4;
    const std::string whole =
        raw_frame(text, "a") + raw_frame(0, "") + raw_frame(0, "") + raw_frame(fin, "b");
    expect(whole + whole + raw_frame(text, "") + raw_frame(0, "") + raw_frame(0, "") +
               raw_frame(0, "") + raw_frame(0, "") + raw_frame(0, ""),
           {"text:ab", "text:ab", size_failure}, options);
}

TEST_CASE("a handler can stop after each event and go on later") {
    const std::string stream = hello + raw_frame(fin | ping, "p") + raw_frame(text, "a") +
                               raw_frame(fin | pong, "q") + raw_frame(fin, "b") + hello +
                               close_frame(1000);
    const transcript expected{"text:Hello", "ping:p",     "pong:q",
                              "text:ab",    "text:Hello", "close 1000:"};
    for (const auto& lane : lanes()) {
        reader<role::server> r{lane};
        r.handler.stop_after = 0;
        CHECK(r.read(stream));
        CHECK(r.handler.events == expected);
    }

    std::string bytes = stream + '\0';
    protocol<role::server> p;
    recorder handler;
    handler.stop_after = 1;
    const auto result = p.receive({bytes.data(), stream.size()}, handler);
    CHECK(result.stopped);
    CHECK(result.consumed == hello.size());
    CHECK(handler.events == transcript{"text:Hello"});
}

TEST_CASE("after an error nothing more is taken") {
    std::string bytes = raw_frame(fin | 3, "x") + '\0';
    protocol<role::server> p;
    recorder handler;
    CHECK(p.receive({bytes.data(), bytes.size() - 1}, handler).error == errc::protocol_error);
    std::string more = hello + '\0';
    const auto result = p.receive({more.data(), hello.size()}, handler);
    CHECK(result.error == errc::protocol_error);
    CHECK(result.consumed == 0);
    CHECK(handler.events.empty());
}

TEST_CASE("whole data frames are handed out where they lie, without an allocation") {
    struct counting {
        std::size_t messages = 0;
        const char* first = nullptr;
        bool on_message(opcode, std::span<char> payload) {
            if (messages++ == 0) first = payload.data();
            return true;
        }
        bool on_ping(std::string_view) { return true; }
        bool on_pong(std::string_view) { return true; }
        bool on_close(close_code, std::string_view) { return true; }
    };
    std::string stream;
    for (int i = 0; i != 100; ++i)
        stream += raw_frame(fin | text, "\xe2\x82\xac 0123456789") + raw_frame(fin | binary, "b");
    stream += '\0';
    protocol<role::server> p;
    counting handler;
    const auto before = allocations_so_far().count;
    const auto result = p.receive({stream.data(), stream.size() - 1}, handler);
    CHECK(allocations_so_far().count == before);
    CHECK(result.consumed == stream.size() - 1);
    CHECK(handler.messages == 200);
    CHECK(handler.first == stream.data() + 6);
}

TEST_CASE("frames of several sizes around the buffer's take the right lane unharmed") {
    for (const std::size_t buffer : {256u, 1000u, 4096u})
        for (int off = -20; off != 20; ++off) {
            const auto size = static_cast<std::size_t>(static_cast<int>(buffer) + off);
            protocol_options options;
            options.buffer_bytes = buffer;
            const std::string stream =
                raw_frame(fin | text, std::string(size, 'a')) + hello + raw_frame(fin | ping, "p");
            const transcript expected{"text:" + std::string(size, 'a'), "text:Hello", "ping:p"};
            CHECK(read_chunks(stream, {}, options) == expected);
            CHECK(read_chunks(stream, every(100, stream.size()), options) == expected);
        }
}

namespace {

/// Streams that are mostly right, with limits low enough to be met.
class stream_generator {
public:
    explicit stream_generator(unsigned seed) : random_{seed} {}

    unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }

    std::string stream() {
        std::string out;
        for (unsigned frames = below(12); frames != 0; --frames) out += frame();
        if (one_in(6) && !out.empty()) {
            char& c = out[below(out.size())];
            c = static_cast<char>(c ^ static_cast<char>(1u << below(8)));
        }
        return out;
    }

private:
    std::string frame() {
        unsigned op = is_open_ ? 0 : 1 + below(2);
        if (one_in(4)) op = ping + below(2);
        if (one_in(25)) op = close_op;
        if (one_in(60)) op = below(16);
        bool is_final = op >= 8 || !one_in(3);
        if (one_in(100)) is_final = !is_final;
        if (op < 8) is_open_ = !is_final;
        const unsigned reserved = one_in(80) ? below(8) << 4 : 0;
        std::string body = op == close_op ? close_payload() : payload();
        const std::size_t width = one_in(100) ? (one_in(2) ? 2 : 8) : 0;
        return raw_frame((is_final ? fin : 0) | reserved | op, body, !one_in(100), width);
    }

    std::string payload() {
        std::string out;
        for (unsigned n = one_in(5) ? below(120) : below(20); n != 0; --n) {
            static constexpr std::uint32_t ends[] = {0x80, 0x80, 0x80, 0x800, 0xd800, 0x10ffff};
            out += encode_utf8(below(ends[below(6)]));
        }
        if (one_in(12) && !out.empty()) out.resize(out.size() - 1);
        if (one_in(30)) out += static_cast<char>(below(256));
        return out;
    }

    std::string close_payload() {
        static constexpr unsigned codes[] = {1000, 1001, 1005, 1014, 3000, 4999, 5000, 0};
        if (one_in(4)) return std::string(below(2), 'c');
        const unsigned code = codes[below(8)];
        return bytes_of({code >> 8, code & 255}) + payload();
    }

    std::mt19937 random_;
    bool is_open_ = false;
};

}  // namespace

TEST_CASE("random streams give in both lanes what a naive decoder gives") {
    const auto seed = GENERATE(11u, 12u, 13u, 14u);
    CAPTURE(seed);
    stream_generator generate{seed};
    int compared = 0, failed = 0, messages = 0;
    for (int round = 0; round != 1500; ++round) {
        CAPTURE(round);
        protocol_options options;
        options.max_message_bytes = 100 + generate.below(300);
        options.max_fragments = 3 + generate.below(5);
        const std::string stream = generate.stream();
        const auto expected = naive_decode(stream, options);
        // The slow lane sees an error early in a frame that never ends.
        if (expected.is_cut_off) continue;
        ++compared;
        messages += static_cast<int>(expected.events.size());
        failed += !expected.events.empty() && expected.events.back().starts_with("error");

        std::vector<std::size_t> cuts;
        for (std::size_t at = 1; at < stream.size(); ++at)
            if (generate.one_in(20)) cuts.push_back(at);
        for (const auto& lane : lanes(options)) {
            CAPTURE(lane.buffer_bytes);
            REQUIRE(read_chunks(stream, {}, lane) == expected.events);
            REQUIRE(read_chunks(stream, cuts, lane) == expected.events);
            REQUIRE(read_chunks(stream, every(1, stream.size()), lane) == expected.events);
        }
    }
    CHECK(compared > 1200);
    CHECK(failed > 150);
    CHECK(messages > 2000);
}
